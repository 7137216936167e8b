"""Real pages refilled: endless new annotated pages that keep a real page's layout and labels.

Made-up pages can be learned by heart, layouts, labels and all; real ones are few. A *template* is a real
annotated page of which it is known which words are which value, label, heading or cell. Refilled, it prints
other values in all their places, in the same notation, and so that sums still add up; rows are made anew,
columns change places with their headings, fields and labels come and go.

The way of one sample:

    AnnotatedDocument  → Template        → Prepared         → Canvas → pages → facts → SyntheticDocument
    sources              compiling         prepared           refilling              questions
                         (once, JSON)      (once a process)   (once a sample)

- `sources` reads annotated documents and refuses those that are kept out or only measured with;
- `compiling` makes templates of them: `field_finding`, `table_finding`, `labels`, and `places` of dates,
  amounts and codes;
- `printed_amounts` and `printed_dates` read a notation and print in it, `sums` finds what adds up and solves
  for other amounts that do;
- `plan` draws what the pages of one imagined sender share, so that an example and its query look alike;
- `canvas` is the page taken apart (`layout`); `swapping`, `rows`, `printing` and `texts` put words on it;
- `refilling` puts it together; `questions` asks the page under its own schema or under another.

Two rules make every sample right. Gold is read off the finished page (`training.synthesis.reading`), never
carried over: a value whose words do not stand together there is not asked for. And nothing is guessed: a word
of which it is not clear what it is stays as it is, a field whose ends are not certain is not asked for, and
null is the answer only for what was taken off the page or what no word of it announces.
"""
