"""How the page looks: one A4 sheet, black on white, legible at arm's length. Pure."""

STYLE = """
@page { size: A4 portrait; margin: 0 }
* { box-sizing: border-box }
html { background: #ddd }
body { margin: 0; color: #000;
  font: 9pt/1.32 "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", SimHei, sans-serif }
main { width: 210mm; height: 297mm; padding: 8mm 12mm 6mm; margin: 0 auto; background: #fff; overflow: hidden;
  display: flex; flex-direction: column; gap: 1.8mm }
header { display: flex; justify-content: space-between; align-items: flex-end; border-bottom: .5mm solid #000;
  padding-bottom: 1mm }
h1 { font-size: 17pt; line-height: 1.1; margin: 0; letter-spacing: .08em }
h2 { font-size: 9.6pt; margin: 0 0 .6mm }
.who { display: grid; grid-template-columns: 1fr 1.45fr 1.15fr; gap: .2mm 4mm }
.who div { overflow-wrap: anywhere; max-height: 2.64em; overflow: hidden }
.who b, .foot b { font-weight: 600 }
.gaps td, .gaps th { white-space: nowrap }
.answer { display: flex; gap: 4mm; border: .5mm solid #000; padding: 2mm 3mm; align-items: center }
.answer strong { font-size: 25pt; line-height: 1.1; white-space: nowrap; min-width: 30mm; text-align: center }
.answer p { margin: 0; font-size: 9.4pt; line-height: 1.33 }
.two { display: flex; gap: 4mm }
.two > * { flex: 1 1 0; min-width: 0 }
.two > .picture { flex: 0 0 108mm }
.map { width: 108mm; height: 106mm; border: .25mm solid #000; display: block }
.none { width: 108mm; height: 106mm; border: .25mm dashed #777; display: flex; align-items: center;
  justify-content: center; color: #333 }
.timeline { width: 186mm; height: 26mm; display: block }
svg text { font-family: inherit }
.label { font-size: 2.9px; paint-order: stroke; stroke: #fff; stroke-width: .7px; stroke-linejoin: round }
.hour { font-size: 2.7px; text-anchor: middle }
.number { font-size: 3.4px; font-weight: 700; text-anchor: middle; paint-order: stroke; stroke: #fff;
  stroke-width: .8px }
.legend { display: inline-flex; align-items: center; gap: .8mm; margin-right: 2mm; font-size: 7.6pt;
  white-space: nowrap }
.key { width: 7mm; height: 3mm }
table { width: 100%; border-collapse: collapse; font-size: 8.7pt; line-height: 1.28; margin-bottom: 1mm }
th, td { border: .2mm solid #888; padding: .35mm 1.2mm; text-align: left; vertical-align: top }
th { font-weight: 600; background: #eee; white-space: nowrap }
td.n { text-align: right; white-space: nowrap }
tr.sum td, tr.counts td { font-weight: 600 }
td.why { font-size: 8pt }
td.s, td.why { white-space: nowrap }
small { display: block; font-size: 7.6pt }
ul { margin: 0; padding: 0; list-style: none }
li { max-height: 2.64em; overflow: hidden; padding-left: 3mm; text-indent: -3mm }
li::before { content: "· " }
.opinion { flex: 1 1 0; min-height: 10.6mm; border: .2mm solid #888; padding: 1mm 2mm; display: flex;
  flex-direction: column; justify-content: space-between }
.opinion div { text-align: right; white-space: pre }
.foot { border-top: .3mm solid #000; padding-top: .8mm; font-size: 7.8pt; line-height: 1.3 }
.foot p { margin: 0; overflow-wrap: anywhere }
@media print { html { background: none } * { print-color-adjust: exact; -webkit-print-color-adjust: exact } }
"""
