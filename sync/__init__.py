"""What happens every night. This is the map; `nightly` is the flow, and `making` that of making and moving books.

The night, in order (nightly.py):
  pull      bring the books in, find each register's tab and columns; stop when too many rows are gone
  validate  turn texts into typed tables, and say what would not turn
  flag      judge the tables by the promises, at one moment
  gather    pick what people will see: open flags, problems, published fields
  report    tell staff in their own books, and in the day's list beside them
  render    compile handbook and tonight's state into plain Markdown
  build     make the site of it, whole or not at all; proof reads it for links that lead nowhere
  publish   show it to the readers, so that they never see half of it

Other verbs:
  init      make the workbooks that staff type into, and a new department's folder
  plan      what differs between a book and what is declared; what is missing is built into it
  carry     what one book takes along to another of any kind
  demo      four weeks of an example department, dirt included
  preview   the site while it is being written, anew after each change
  unchanged what the last night was made from: the very same one is not done again
  policy    what another policy would say of the same rows
  explain   the receipt of a flag: how its due time came about
  doctor    say beforehand what would go wrong tonight
  outlet    results as text and JSON
  cli       the commands; the only module that prints or exits

Rooms, where something is added as one more file:
  books     where rows come from and marks go: on disk (xlsx), Google Sheets (gsheets), in memory
  cells     one reader for each kind of value; lanes: how a whole register is read by them
  checks    what is held against each row: required, unique, range, order, references, numbers
  rules     one kind of promise a file: clock, recurrence, level, numbers, presence, repeat, coverage, stale
  targets   where readers find the site: a folder
  engines   who computes the expressions: polars, or duckdb

Nouns and what they lean on:
  model     the nouns of a night, the columns of its tables, the family of failures
  schema    what can be declared; declarations loads it and says what is wrong; yamlfile reads the files
  settings  what one department chose
  blueprint how a book should be built, from its declarations; how one is built; what differs
  tables    what validate hands on; conditions, layout: what declarations and tabs ask
  figures   what pages ask of a night; papers a form, columns a register, drawing flow charts and small charts
  kept      what must outlive a night
  words     codes and states as sentences; workdays: which minutes of which days are worked
"""
