/** Light and dark, as the page around it is. */
export const STYLE = `
svg{--card:#fbfcfb;--edge:#d8e0db;--ink:#26312b;--dim:#6c7a72;--green:#2f7d5b;--blue:#2f5f9e;--amber:#c98a1b;--red:#c23b3b;--pale:#cfd9d3;font:12px system-ui,-apple-system,"Segoe UI",sans-serif}
@media (prefers-color-scheme:dark){svg{--card:#161b18;--edge:#2c3530;--ink:#dfe7e2;--dim:#8d9a92;--green:#4fae83;--blue:#6f9fe0;--amber:#dba23f;--red:#e26a6a;--pale:#3a4640}}
.card{fill:var(--card);stroke:var(--edge)}.cover{fill:var(--card)}.head{stroke:var(--green);stroke-width:1.5}
text{fill:var(--ink)}.title{font-weight:700;font-size:15px}.label{font-weight:600}.dim{fill:var(--dim);font-size:11px}.small{font-size:11px}.now{fill:var(--ink)}.sum{font-weight:600;font-variant-numeric:tabular-nums}
.end{text-anchor:end}.middle{text-anchor:middle}
.load{fill:var(--pale);stroke:var(--dim);stroke-width:1.2}.waited{fill:none;stroke:var(--blue);stroke-width:1.6}.target{stroke:var(--amber);stroke-dasharray:4 3}
.count{fill:none;stroke:var(--green);stroke-width:1.8}.desired{fill:none;stroke:var(--dim);stroke-dasharray:3 2}
.running{fill:var(--green)}.running2{fill:var(--blue)}.starting{fill:var(--pale)}.draining{fill:var(--amber)}.frozen{fill:var(--red)}.cut{fill:var(--red);fill-opacity:.45}`;
