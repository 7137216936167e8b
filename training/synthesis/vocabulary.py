"""Words of general use in trade, and patterns of codes. They season the invented text, no more."""

from __future__ import annotations

COMMON_WORDS = tuple(
    """
    tea coffee milk rice bread cake water juice beef chicken fish egg salt sugar oil soap paper pen book card
    cable lamp light pipe glue tape paint brush bolt screw nut valve pump filter battery charger phone case
    shirt shoe bag box bottle cup plate spoon set kit pack roll sheet white black red blue green gold silver
    large small medium extra classic super premium original fresh hot cold iced sweet spicy grilled fried service
    repair monthly license support hosting consulting transport shipping delivery rent fee design training
    city garden ocean royal star sun moon golden happy best new old first global united national international
    central north south east west point park house home world king queen lucky good time day power energy
    nasi ayam teh ais goreng ikan kopi air sri jaya baru makanan schraube lampe papier farbe holz stuhl
    tisch kabel glas wein brot milch wasser vin pain fromage lait table chaise papier verre bois carte
    boek lamp stoel tafel melk kaas libro mesa silla agua pane latte vino tavolo sedia carta acqua
    chocolate cream soup noodle salad burger pizza pasta sauce lemon orange apple mango banana onion garlic
    steel copper brass rubber plastic leather cotton silk wool foam glass stone marble sand cement wire
    machine engine motor tool drill hammer saw knife cutter spray silicone adapter socket switch sensor
    """.split()
)

TRADES = tuple(
    """
    restaurant|restoran|cafe|bistro|bakery|kitchen|grill|pub & bistro|food court|hotel|trading|enterprise|enterprises
    |hardware|hardware & electrical|machinery|electrical|stationery|stationery & books|book store|books|mart|mini market
    |supermarket|hypermarket|pharmacy|clinic|dental|optical|fashion|boutique|gift & deco|furniture|gallery|motors
    |auto parts|tyres|petrol station|services|solutions|consulting|logistics|transport|foods|food industries|industries
    |holdings|marketing|supplies|supply|store|stores|shop|market|textiles|printing|media|studio|systems|software
    |technologies|electronics|engineering|construction|properties|group|corporation|company|handel|technik|bau|werke
    |vertrieb|buchhandlung|gasthaus|apotheke|elektro|boulangerie|traiteur|editions|transports|ristorante|trattoria
    |panificio|libreria|ferramenta|restaurante|panaderia|tienda|comercial|groothandel|winkel|bakkerij|drukkerij
    |perniagaan|kedai buku|kedai makan|pasar mini|pasaraya|syarikat|perusahaan|university|school|association|bank
    |steakhouse|seafood|roasted delights|coffee house|tea house|karaoke|spa|salon|laundry|travel|tours|retail|outlet
    """.replace("\n", "")
    .replace("    ", "")
    .split("|")
)

LEGAL_FORMS = (
    "Sdn Bhd", "Sdn. Bhd.", "Sdn Bhd", "Sdn.Bhd.", "Sdn Bhd", "S/B", "S/B", "SB", "Bhd", "Plt", "(M) Sdn Bhd", "(M) Sdn. Bhd.", "GmbH", "GmbH",
    "GmbH & Co. KG", "AG", "KG", "UG", "e.K.", "OHG", "LLC", "Inc", "Inc.", "Ltd", "Ltd.", "Limited", "Corp.", "Co.",
    "Co., Ltd.", "Pte Ltd", "Pte. Ltd.", "PLC", "LLP", "S.A.R.L.", "SARL", "S.A.", "SAS", "S.r.l.", "S.p.A.", "B.V.", "N.V.",
    "S.L.", "AB", "A/S", "Oy", "Pvt. Ltd.", "Private Limited", "Pty Ltd", "SA", "mbH",
)  # fmt: skip

DOMAINS = ("com", "com.my", "de", "fr", "nl", "it", "es", "co.uk", "net", "org", "eu", "my", "biz")

CODE_PATTERNS = (
    "@@########", "@@#######", "##########", "#######", "@-#####", "@@-####-##", "####/##", "@@##/#####", "#####-##",
    "@#######", "@@@#####", "############", "#############", "@@#-###-####", "20##-#####", "@@-20##-####", "#-######",
    "@@@-###", "@####@", "#####/###/@####", "@##########", "@@@@##", "@@/##/####", "####-@@", "@@-#########",
)  # fmt: skip

SIZE_PATTERNS = (
    "#kg", "###g", "##ml", "#.#l", "##pcs", "#x##", "##mm", "##cm", "(##g)", "[#.##]", "##'s", "a#", '##"', "#/#",
    "##w", "no.#", "##%", "#-#", "@#", "#m", "##x##", "1/#", "(@)", "-##", "####-#", "#.##kg", "x#", "##gb",
)  # fmt: skip

PHONE_PATTERNS = (
    "0#-#######", "0#-### ####", "0#-########", "0##-### ####", "03-#### ####", "+60 #-#### ####", "(0#) ###-####",
    "(###) ###-####", "###-###-####", "+49 ### ######", "0### / ## ## ##", "0####-#####", "+33 # ## ## ## ##",
    "0# ## ## ## ##", "+31 ## ### ####", "+39 0# #######", "+34 ### ### ###", "0## - #######", "01#-#######",
    "### ####", "###.###.####", "(###)###-####", "### ### ####", "(###) ### ####", "###-####", "0#### ######",
    "+44 (0)#### ######", "0#### ### ###", "##########", "+62 ## #######", "(0##) #######", "0#########", "1-800-##-####", "0#-####-####", "0# ######## / ########", "########", "+44 #### ######",
)  # fmt: skip

REGISTRATION_PATTERNS = (
    "######-@", "(######-@)", "(#######-@)", "#######-@", "(@@#######-@)", "@@#######-@", "(00#######-@)",
    "(#######-@)", "(######@)", "20##########", "(20########## (######-@))", "(@@#######)", "######@",
)  # fmt: skip
REGISTRATION_LABELS = (
    "Co. Reg. No.", "CO REG NO:", "Company No:", "ROC NO. :", "Reg No", "(Co.No:", "BR NO.:", "REG. NO. :", "Co No.",
    "COMPANY REG NO. :", "SSM NO :", "Business Reg No:", "CO.NO",
)  # fmt: skip

TAX_ID_PATTERNS = {
    "my": ("############", "00##########", "00##########"),
    "us": ("##-#######", "#########"),
    "de": ("DE#########", "DE### ### ###", "##/###/#####", "###/###/#####"),
    "fr": ("FR##########", "FR## ### ### ###", "FR###########"),
    "gb": ("GB#########", "GB ### #### ##", "### #### ##"),
    "nl": ("NL#########B##", "NL##########"),
    "it": ("IT###########", "###########"),
    "es": ("ES@########", "@########", "@-########"),
    "id": ("##.###.###.#-###.###", "0#.###.###.#-###.###", "###############"),
    "in": ("##@@@@@####@#@#", "##@@@@@####@#Z#", "###########"),
}

COUNTRIES = {
    "my": ("malaysia",),
    "id": ("indonesia",),
    "in": ("india",),
    "us": ("usa", "united states"),
    "de": ("deutschland", "germany", "österreich"),
    "fr": ("france", "belgique"),
    "gb": ("united kingdom", "england", "ireland"),
    "nl": ("nederland", "the netherlands"),
    "it": ("italia", "italy"),
    "es": ("españa", "spain"),
}
STATES = {
    "my": (
        "selangor",
        "johor",
        "perak",
        "penang",
        "kedah",
        "melaka",
        "w. persekutuan",
        "selangor darul ehsan",
        "sabah",
    ),
    "us": ("ny", "ca", "tx", "fl", "wa", "il", "oh", "ma", "pa", "ga", "co", "nv", "az", "nc", "mi"),
}

STREETS = {
    "my": ("jalan", "jln", "jalan", "jalan", "lorong", "persiaran", "jl", "lebuh"),
    "us": ("street", "st", "ave", "avenue", "road", "rd", "blvd", "drive", "lane", "dr", "way", "st."),
    "gb": ("street", "road", "lane", "close", "way", "square", "st.", "rd.", "high street"),
    "de": ("straße", "str.", "weg", "allee", "platz", "strasse", "gasse", "ring"),
    "fr": ("rue", "rue de la", "avenue", "chemin de", "bd", "boulevard", "place", "quai de", "allée"),
    "nl": ("straat", "weg", "laan", "plein", "kade", "singel"),
    "it": ("via", "viale", "piazza", "corso", "via della"),
    "es": ("calle", "c/", "avda.", "avenida", "plaza", "paseo"),
    "id": ("jl.", "jl.", "jalan", "jl", "jln."),
    "in": ("road", "marg", "nagar", "cross road", "main road", "street", "lane"),
}
AREAS = (
    "taman", "taman", "bandar", "bandar baru", "kawasan perindustrian", "kampung", "kg.", "desa", "seksyen", "pusat",
    "bukit", "tmn", "medan", "kompleks", "pusat perniagaan", "sri",
)  # fmt: skip
HOUSES = (
    "no.##", "no ##", "no. #", "no. ##, ## & ##", "no.#&#", "no. ##-@", "lot ####", "lot ####-@ & ####-@", "lot p.t. ####",
    "##", "##,", "#", "###", "@#-###", "@-#-#", "unit #-##", "level #", "g-## & ##", "no ##-##-##@", "pt ####",
    "no.##@ & ##@", "blok @", "suite ###", "no : ##", "#-#-#", "lot @#", "no.##g", "##-@", "no.## ##,## & ##",
)  # fmt: skip

TITLES = (
    "TAX INVOICE", "INVOICE", "SIMPLIFIED TAX INVOICE", "RECEIPT", "CASH BILL", "OFFICIAL RECEIPT", "CASH SALES", "BILL",
    "CASH", "TAX INVOICE (COPY)", "SALES RECEIPT", "CASH RECEIPT", "GUEST CHECK", "TABLE BILL", "CREDIT NOTE", "PAYMENT RECEIPT",
)  # fmt: skip
TITLES_BY_LANGUAGE = {
    "de": ("Kassenbon", "Quittung", "Rechnung", "RECHNUNG", "Beleg", "Kundenbeleg", "KASSENBELEG"),
    "fr": ("FACTURE", "Ticket de caisse", "Reçu", "TICKET", "Facture"),
    "nl": ("KASSABON", "Factuur", "BON", "Kwitantie"),
    "it": ("SCONTRINO FISCALE", "Ricevuta", "FATTURA", "DOCUMENTO COMMERCIALE"),
    "es": ("FACTURA SIMPLIFICADA", "Recibo", "TICKET", "Factura"),
    "ms": ("RESIT", "INVOIS CUKAI", "BIL TUNAI", "RESIT RASMI"),
}

FOOTERS = (
    "THANK YOU", "THANK YOU PLEASE COME AGAIN", "GOODS SOLD ARE NOT RETURNABLE", "GOODS SOLD ARE NOT REFUNDABLE",
    "THANK YOU FOR SHOPPING WITH US", "PLEASE KEEP THIS RECEIPT", "EXCHANGE ARE ALLOWED WITHIN # DAYS WITH RECEIPT",
    "NO EXCHANGE NO REFUND", "HAVE A NICE DAY", "SEE YOU AGAIN", "CUSTOMER COPY", "THIS IS A COMPUTER GENERATED RECEIPT",
    "NO SIGNATURE REQUIRED", "E. & O. E.", "POWERED BY", "*** END OF RECEIPT ***", "SERVED BY", "ALL PRICES INCLUDE GST",
    "TELL US ABOUT YOUR VISIT", "THANK YOU FOR YOUR BUSINESS", "PAYMENT IS DUE WITHIN ## DAYS",
)  # fmt: skip
FOOTERS_BY_LANGUAGE = {
    "de": (
        "Vielen Dank für Ihren Einkauf",
        "Es bediente Sie",
        "Umtausch nur mit Kassenbon",
        "Auf Wiedersehen",
    ),
    "fr": ("Merci de votre visite", "A bientôt", "Merci et à bientôt", "Conservez ce ticket"),
    "nl": ("Bedankt voor uw bezoek", "Tot ziens", "Ruilen binnen ## dagen met bon"),
    "it": ("Grazie e arrivederci", "Grazie per la visita"),
    "es": ("Gracias por su visita", "Gracias por su compra", "No se admiten devoluciones"),
    "ms": ("TERIMA KASIH", "SILA DATANG LAGI", "BARANG YANG DIJUAL TIDAK BOLEH DIKEMBALIKAN"),
}
UNITS = (
    "pcs",
    "pc",
    "unit",
    "kg",
    "Stk",
    "Stück",
    "h",
    "ea",
    "box",
    "m",
    "l",
    "x",
    "pce",
    "Std",
    "set",
    "UNIT(S)",
    "stuks",
)
