"""Names of months and weekdays in forty languages, lower case and without accents."""

from __future__ import annotations

from unicodedata import normalize

# Full names and abbreviations as CLDR has them for dates and alone, folded as `schemas.values.dates.fold`
# does, and some that receipts print besides. English, German, French, Spanish, Italian, Dutch, Malay,
# Portuguese, Polish, Danish, Norwegian, Swedish, Icelandic, Czech, Slovak, Croatian, Slovene, Serbian,
# Macedonian, Bulgarian, Russian, Ukrainian, Belarusian, Hungarian, Romanian, Albanian, Turkish, Azerbaijani,
# Finnish, Estonian, Latvian, Lithuanian, Greek, Indonesian, Catalan, Galician, Hebrew, Arabic and Persian:
# but for the names in `SHARED_MONTHS`, no spelling names two months, so languages need no telling apart.
_MONTH_NAMES: tuple[tuple[str, ...], ...] = (
    (
        "jan january januar janvier janv enero ene gennaio gen januari janeiro jaenner janner stycznia sty",
        "styczen ledna led leden januara sijecnja sij sijecanj ianuarie ian janar ocak oca yanvar yan",
        "tammikuuta tammi tammikuu jaanuar jaan janvaris sausio saus sausis gener xaneiro xan",
        "јануар јан јануари януари яну января янв январь січня січ січень студзеня сту студзень",
        "ιανουαριου ιαν ιανουαριοσ",
        "ינואר בינואר ינו בינו",
        "يناير جانفي ژانویه",
        "јануара janvari tammik ιανουαρ",
    ),
    (
        "feb february februar fevrier fevr fev febrero febbraio februari fevereiro feber lutego lut luty",
        "unora uno unor februara veljace velj veljaca febr februarie shkurt shk subat sub fevral helmikuuta",
        "helmi helmikuu veebruar veebr februaris vasario vas vasaris febrer febreiro",
        "фебруар феб февруари фев февраля февр февраль лютого лют лютии лютага люты",
        "φεβρουαριου φεβ φεβρουαριοσ",
        "פברואר בפברואר פבר בפבר",
        "فبراير فيفري فوریه",
        "фебруара februari лют лютии helmik φεβρ",
    ),
    (
        "mar march marz maerz mrz mars marzo maart mrt mac marco mrch marts marca marzec brezna bre brezen",
        "marec ozujka ozu ozujak mart marcius marc martie maaliskuuta maalis maaliskuu kovo kov kovas maret",
        "март мар марта березня бер березень сакавіка сак сакавік",
        "μαρτιου μαρ μαρτιοσ",
        "מרץ במרץ",
        "مارس",
        "марта marta maalisk μαρτ бер",
    ),
    (
        "apr april avril avr abril abr aprile kwietnia kwi kwiecien dubna dub duben aprila travnja tra",
        "travanj aprilis aprilie prill pri nisan nis aprel huhtikuuta huhti huhtikuu aprill balandzio bal",
        "balandis",
        "април апр апреля апрель квітня квіт квітень красавіка кра красавік",
        "απριλιου απρ απριλιοσ",
        "אפריל באפריל אפר באפר",
        "ابريل افريل اوریل",
        "априла aprili huhtik кві απριλ",
    ),
    (
        "may mai mayo maggio mag mei maio maj maja kvetna kve kveten svibnja svi svibanj majus mayis",
        "toukokuuta touko toukokuu maijs geguzes geg geguze maig",
        "мај маи мая травня трав травень",
        "μαιου μαι μαιοσ",
        "מאי במאי",
        "مايو ماي",
        "маја maija toukok тра",
    ),
    (
        "jun june juni juin junio giugno giu junho czerwca cze czerwiec cervna cvn cerven juna lipnja",
        "lipanj junij junius iunie iun qershor qer haziran haz iyun iyn kesakuuta kesa kesakuu juuni junijs",
        "birzelio birz birzelis juny xuno",
        "јун јуни юни июня июн июнь червня черв червень чэрвеня чэр чэрвень",
        "ιουνιου ιουν ιουνιοσ",
        "יוני ביוני",
        "يونيو جوان ژوين",
        "јуна junija junija kesak чер juniju",
    ),
    (
        "jul july juli juillet juil julio luglio lug julai julho lipca lip lipiec cervence cvc cervenec",
        "jula srpnja srpanj julij julius iulie iul korrik korr temmuz tem iyul iyl heinakuuta heina",
        "heinakuu juuli julijs liepos liep liepa juliol xullo xul juill",
        "јул јули юли июля июл июль липня лип липень ліпеня ліп ліпень",
        "ιουλιου ιουλ ιουλιοσ",
        "יולי ביולי",
        "يوليو جويلية ژويیه",
        "јула julija heinak лип",
    ),
    (
        "aug august aout aou agosto ago augustus augusti ogos ogo sierpnia sie sierpien agust agu srpna srp",
        "srpen augusta kolovoza kol kolovoz avgust avg augusztus gusht gush agustos avqust avq elokuuta elo",
        "elokuu augusts rugpjucio rugp rugpjutis agustus agost",
        "август авг августа серпня серп серпень жніуня жні жнівень",
        "αυγουστου αυγ αυγουστοσ",
        "אוגוסט באוגוסט אוג באוג",
        "اغسطس اوت",
        "августа augusta elok сер pagasta",
    ),
    (
        "sep sept september septembre septiembre setiembre settembre set setembro wrzesnia wrz wrzesien",
        "zari zar septembra rujna ruj rujan septembar szeptember szept septembrie shtator sht eylul eyl",
        "sentyabr sen syyskuuta syys syyskuu septembris rugsejo rugs rugsejis setembre",
        "септембар сеп септември сентября сент сентябрь вересня вер вересень верасня верасень",
        "σεπτεμβριου σεπ σεπτεμβριοσ",
        "ספטמבר בספטמבר ספט בספט",
        "سبتمبر سپتامبر",
        "септембра septembri syysk сен вер σεπτ",
    ),
    (
        "oct october oktober okt octobre octubre ottobre ott outubro out pazdziernika paz pazdziernik rijna",
        "rij rijen oktobra oktobar octombrie tetor tet ekim eki oktyabr lokakuuta loka lokakuu oktoober",
        "oktobris spalio spal spalis",
        "октобар окт октомври октября октябрь жовтня жовт жовтень кастрычніка кас кастрычнік",
        "οκτωβριου οκτ οκτωβριοσ",
        "אוקטובר באוקטובר אוק באוק",
        "اكتوبر اکتبر",
        "октобра oktobri lokak жов οκτωβ",
    ),
    (
        "nov november novembre noviembre novembro listopada lis listopad listopadu novembra studenoga stu",
        "studeni novembar noiembrie nentor nen kasim kas noyabr noy marraskuuta marras marraskuu novembris",
        "lapkricio lapkr lapkritis",
        "новембар нов ноември ное ноября нояб ноябрь листопада лист листопад лістапада ліс лістапад",
        "νοεμβριου νοε νοεμβριοσ",
        "נובמבר בנובמבר נוב בנוב",
        "نوفمبر نوامبر",
        "новембра novembri marrask ноя лис nopember noi studenog νοεμ νοεμβ nobyembre novemba نونبر",
    ),
    (
        "dec december dezember dez decembre diciembre dic dicembre disember dis desember dezembro grudnia",
        "gru grudzien des prosince pro prosinec decembra prosinca prosinac decembar decembrie dhjetor dhj",
        "aralik ara dekabr dek joulukuuta joulu joulukuu detsember dets decembris gruodzio gruod gruodis",
        "desembre decembro",
        "децембар дец декември дек декабря декабрь грудня груд грудень снежня сне снежань",
        "δεκεμβριου δεκ δεκεμβριοσ",
        "דצמבר בדצמבר דצמ בדצמ",
        "ديسمبر دسامبر",
        "децембра decembri jouluk δεκεμ",
    ),
)
_WEEKDAY_NAMES = (
    "mon tue tues wed thu thur thurs fri sat sun monday tuesday wednesday thursday friday saturday "
    "sunday mo di mi do fr sa so montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag "
    "lun mar mer jeu ven sam dim lundi mardi mercredi jeudi vendredi samedi dimanche mie jue vie sab "
    "dom lunes martes miercoles jueves viernes sabado domingo gio lunedi martedi mercoledi giovedi "
    "venerdi sabato domenica ma wo vr za zo maandag dinsdag woensdag donderdag vrijdag zaterdag zondag "
    "isnin selasa rabu khamis jumaat sabtu ahad seg ter qua qui sex segunda terca quarta quinta sexta "
    "feira ahd isn sel rab kha jum niedziela poniedziałek wtorek sroda czwartek piatek sobota niedz pon "
    "czw sob søndag mandag tirsdag onsdag torsdag fredag lørdag søn man tirs ons tors fre lør tir tor "
    "tysdag laurdag tys lau sondag tisdag lordag son tis lor sunnudagur manudagur þriðjudagur "
    "miðvikudagur fimmtudagur fostudagur laugardagur þri mið fim fos nedele pondeli utery streda "
    "ctvrtek patek nedela pondelok utorok stvrtok piatok nedjelja ponedjeljak utorak srijeda cetvrtak "
    "petak subota ned uto sri cet pet sub nedelja ponedeljek torek sreda cetrtek petek sre ponedeljak "
    "vasarnap hetfo kedd szerda csutortok pentek szombat sze szo duminica luni marti miercuri joi "
    "vineri sambata dum vin diel hene marte merkure enjte premte shtune die hen enj pre sht pazar "
    "pazartesi sali carsamba persembe cuma cumartesi paz pzt sal car per cum cmt bazar ertəsi cərsənbə "
    "axsami cumə sənbə sunnuntai maanantaina tiistaina keskiviikkona torstaina perjantaina lauantaina "
    "maanantai tiistai keskiviikko torstai perjantai lauantai puhapaev esmaspaev teisipaev kolmapaev "
    "neljapaev reede laupaev svetdiena pirmdiena otrdiena tresdiena ceturtdiena piektdiena sestdiena "
    "svetd pirmd otrd tresd ceturtd piektd sestd sekmadienis pirmadienis antradienis treciadienis "
    "ketvirtadienis penktadienis sestadienis minggu senin kamis jumat min sen kam diumenge dilluns "
    "dimarts dimecres dijous divendres dissabte luns mercores xoves venres xov "
    "недеља понедељак уторак среда четвртак петак субота нед пон уто сре чет пет суб недела понеделник "
    "вторник четврток петок сабота вто саб неделя сряда четвъртък петък събота воскресенье понедельник "
    "четверг пятница суббота неділя понеділок вівторок середа четвер пʼятниця нядзеля панядзелак "
    "ауторак серада чацвер пятніца "
    "κυριακη δευτερα τριτη τεταρτη πεμπτη παρασκευη σαββατο κυρ δευ τρι τετ πεμ παρ σαβ "
    "יום ראשון שני שלישי רביעי חמישי שישי שבת "
    "월요일 화요일 수요일 목요일 금요일 토요일 일요일 月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日 "
    "星期一 星期二 星期三 星期四 星期五 星期六 星期日 星期天 周一 周二 周三 周四 周五 周六 周日 "
    "الاحد الاثنين الثلاثاء الاربعاء الخميس الجمعة السبت یکشنبه دوشنبه شنبه چهارشنبه پنجشنبه جمعه "
)

MONTHS: dict[str, int] = {
    name: number
    for number, lines in enumerate(_MONTH_NAMES, start=1)
    for line in lines
    for name in line.split()
}
# What these names of `MONTHS`, Polish or Czech, mean in Croatian, which puts a point behind the day.
SHARED_MONTHS: dict[str, int] = {"lip": 6, "lis": 10, "listopad": 10, "listopada": 10, "srp": 7}
# Korean syllables are taken apart as texts are.
WEEKDAYS: frozenset[str] = frozenset(normalize("NFKD", _WEEKDAY_NAMES).split())
# Months of scripts whose vowel signs are no letters, as they are printed, and their English names.
_SCRIPTED = (
    ("มกราคม ม.ค. जनवरी জানুয়ারি জানুয়ারী", "January"),
    ("กุมภาพันธ์ ก.พ. फरवरी फ़रवरी ফেব্রুয়ারি ফেব্রুয়ারী", "February"),
    ("มีนาคม มี.ค. मार्च মার্চ", "March"),
    ("เมษายน เม.ย. अप्रैल এপ্রিল", "April"),
    ("พฤษภาคม พ.ค. मई মে", "May"),
    ("มิถุนายน มิ.ย. जून জুন", "June"),
    ("กรกฎาคม ก.ค. जुलाई জুলাই", "July"),
    ("สิงหาคม ส.ค. अगस्त আগস্ট", "August"),
    ("กันยายน ก.ย. सितंबर सितम्बर সেপ্টেম্বর", "September"),
    ("ตุลาคม ต.ค. अक्टूबर अक्तूबर অক্টোবর", "October"),
    ("พฤศจิกายน พ.ย. नवंबर नवम्बर নভেম্বর", "November"),
    ("ธันวาคม ธ.ค. दिसंबर दिसम्बर ডিসেম্বর", "December"),
)
SCRIPTED_MONTHS: dict[str, str] = {name: english for names, english in _SCRIPTED for name in names.split()}
