"""The look of the landing page."""

STYLE = """
:root{
color-scheme:light dark;
--paper:#f7f6f2;--card:#fffefb;--ink:#24231f;--quiet:#6b6960;--line:#e5e2d9;--accent:#a4502f;
--good:#2c7a4b;--good-soft:#e7f2ea;--bad:#b3352a;--bad-soft:#fbecea;--wait:#8a6414;--wait-soft:#f8f0db;
--off:#716f66;--off-soft:#efede6;
}
@media (prefers-color-scheme:dark){:root{
--paper:#191815;--card:#22211d;--ink:#ebe8df;--quiet:#a19e93;--line:#36342e;--accent:#e39a76;
--good:#7cc796;--good-soft:#1f3327;--bad:#f0958a;--bad-soft:#3b2320;--wait:#e0b963;--wait-soft:#362d18;
--off:#a19e93;--off-soft:#2c2a25;
}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2.5rem 1.25rem 3rem;max-width:62rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;-webkit-text-size-adjust:100%}
h1,h2,p,dl,dd{margin:0}
h1{font-size:1.6rem;font-weight:650;letter-spacing:-.02em;line-height:1.2}
h2{font-size:1.2rem;font-weight:600;letter-spacing:-.01em;overflow-wrap:anywhere}
header p,.title p{color:var(--quiet)}
header,.title{display:flex;justify-content:space-between;align-items:flex-start;gap:1rem}
.title p{font-size:.85rem;overflow-wrap:anywhere}
code,small{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
nav{display:flex;flex-wrap:wrap;gap:.5rem;margin:1.25rem 0 1.75rem}
nav a{padding:.4rem .9rem;border:1px solid var(--line);border-radius:.5rem;background:var(--card);
color:var(--ink);text-decoration:none}
nav a:hover{border-color:var(--accent)}
nav a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
nav a.main{background:var(--accent);border-color:var(--accent);color:var(--paper);font-weight:600}
section{margin:0 0 1.5rem;padding:1.5rem;background:var(--card);
border:1px solid var(--line);border-radius:.9rem}
.pill{flex:none;padding:.15rem .75rem;border-radius:1rem;font-size:.875rem;font-weight:600}
.pill.good{background:var(--good-soft)}.pill.bad{background:var(--bad-soft)}
.pill.wait{background:var(--wait-soft)}
.good .state,.pill.good{color:var(--good)}
.bad .state,.pill.bad,span.bad{color:var(--bad)}
.wait .state,.pill.wait{color:var(--wait)}
.off .state{color:var(--off)}
.quiet{color:var(--quiet)}
dl{display:flex;flex-wrap:wrap;gap:1rem 2.75rem;margin:1.25rem 0}
dt{color:var(--quiet);font-size:.85rem}
dd{font-weight:550}
.note{display:block;margin:0 0 1rem;
padding:.8rem 1rem;border-left:3px solid;border-radius:.3rem .6rem .6rem .3rem}
.note strong,.note code,.note span{display:block;overflow-wrap:anywhere}
.note code{margin:.25rem 0;font-size:.85rem;white-space:pre-wrap}
.note.bad{background:var(--bad-soft);border-color:var(--bad)}.note.bad strong{color:var(--bad)}
.note.wait{background:var(--wait-soft);border-color:var(--wait)}
.note.wait strong{display:inline;color:var(--wait)}
.note.off{margin:1rem 0 0;background:var(--off-soft);border-color:var(--line);font-size:.9rem}
.note.off strong{color:var(--quiet)}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
thead th:first-child{width:42%}
thead th{padding:0 .75rem .4rem 0;color:var(--quiet);font-size:.85rem;font-weight:400;text-align:left}
tbody th,td{padding:.5rem .75rem .5rem 0;
border-top:1px solid var(--line);text-align:left;vertical-align:top}
tbody th{font-weight:550}
small{display:block;color:var(--quiet);font-size:.78rem;font-weight:400;overflow-wrap:anywhere}
td{white-space:nowrap}
.state::before{content:"";display:inline-block;width:.55em;height:.55em;margin-right:.5em;border-radius:50%;
background:currentColor;vertical-align:.08em}
.off .state::before{background:none;box-shadow:inset 0 0 0 1.5px currentColor}
tr.off th{color:var(--quiet);font-weight:400}
tr.off td{color:var(--quiet)}
footer{color:var(--quiet);font-size:.85rem}
@media (max-width:40rem){
body{padding:1.5rem 1rem 2rem}
section{padding:1.1rem}
dl{gap:.75rem 2rem}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table,tbody{display:block}
tbody tr{display:grid;
grid-template-columns:6.5rem 4.5rem minmax(0,1fr) auto;gap:.1rem .75rem;padding:.7rem 0;
border-top:1px solid var(--line)}
tbody th,td{padding:0;border:0}
tbody th{grid-column:1/4}
td[data-label=State]{justify-self:end}
td:not([data-label=State])::before{content:attr(data-label);display:block;color:var(--quiet);font-size:.75rem}
tr.off td:not([data-label=State]){display:none}
}
"""
