"""How the public pages look: one column for a phone of 320 px and up, no script, no asset of anybody else. Pure."""

STYLE = """
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100% }
body { margin: 0; background: #f2f4f6; color: #16202a;
  font: 17px/1.5 -apple-system, "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif }
main { max-width: 560px; margin: 0 auto; padding: 16px 16px 40px }
header { background: #12507b; color: #fff; padding: 16px }
header div { max-width: 528px; margin: 0 auto }
h1 { font-size: 22px; line-height: 1.3; margin: 0; font-weight: 600 }
h2 { font-size: 19px; margin: 20px 0 8px }
small { font-size: 13px; font-weight: 400; color: #5b6873; display: block; line-height: 1.35 }
header small { color: #cfe2f1 }
p { margin: 8px 0 }
.card { background: #fff; border: 1px solid #d9dfe4; border-radius: 8px; padding: 16px; margin: 0 0 16px }
.way { display: block; text-decoration: none; color: inherit; font-weight: 600 }
.way::after { content: "\\203A"; float: right; color: #8795a1; font-size: 24px; line-height: 1; margin-top: -28px }
label, legend { display: block; font-weight: 600; margin: 0 0 6px; padding: 0 }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0 }
.field { margin: 0 0 20px }
.must { color: #b3261e; font-weight: 600 }
input[type=text], input[type=date], select { width: 100%; min-width: 0; min-height: 46px; padding: 8px 12px;
  font: inherit; color: inherit; background: #fff; border: 1px solid #8795a1; border-radius: 6px;
  -webkit-appearance: none; appearance: none }
select { background: #fff no-repeat; padding-right: 40px; background-size: 7px 7px;
  background-image: linear-gradient(45deg, transparent 50%, #5b6873 50%),
    linear-gradient(135deg, #5b6873 50%, transparent 50%);
  background-position: right 22px center, right 15px center }
input:focus, select:focus, button:focus, a:focus { outline: 3px solid #f5b301; outline-offset: 1px }
.tick { display: flex; gap: 10px; align-items: flex-start; font-weight: 400; margin: 0; padding: 8px 0 }
.tick input { width: 24px; height: 24px; flex: none; margin: 1px 0 0 }
.wrong input, .wrong select { border: 2px solid #b3261e }
.why { color: #b3261e; margin: 6px 0 0; font-size: 15px }
.refused { border: 2px solid #b3261e }
.notice { font-size: 15px; color: #36424d; margin: 0 0 8px }
button { width: 100%; min-height: 50px; border: 0; border-radius: 8px; background: #12507b; color: #fff; font: inherit;
  font-weight: 600 }
.code { font: 600 26px/1.4 ui-monospace, Menlo, Consolas, monospace; letter-spacing: 1px; text-align: center;
  border: 2px dashed #12507b; border-radius: 8px; padding: 12px 4px; margin: 12px 0; white-space: nowrap }
.state { font-size: 20px; font-weight: 600; margin: 0 }
dl { margin: 0 } dt { font-size: 14px; color: #5b6873; margin-top: 10px } dd { margin: 0; overflow-wrap: anywhere }
.trap { position: absolute; left: -9999px; width: 1px; height: 1px; overflow: hidden }
a { color: #12507b }
"""
