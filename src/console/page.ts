import { createHash } from "node:crypto";
import { PAGE_SCRIPT } from "./page-script.js";
import { PAGE_STYLE } from "./page-style.js";

const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Its own style and script and nothing else; no frame around it, and requests to nobody but where it came from. */
const POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(PAGE_STYLE)}`,
  `script-src ${hashOf(PAGE_SCRIPT)}`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": POLICY,
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect x='1' y='1' width='6' height='6' rx='1.5' fill='%232f7d5b'/%3E%3Crect x='9' y='1' width='6' height='6' rx='1.5' fill='%232f7d5b'/%3E%3Crect x='1' y='9' width='6' height='6' rx='1.5' fill='%232f7d5b'/%3E%3Crect x='9' y='9' width='6' height='6' rx='1.5' fill='%23a9c9ba'/%3E%3C/svg%3E";

/** A card with a number and, under it, its last three minutes. */
const curveCard = (id: string, title: string) => `<section class="card" id="${id}">
<h2>${title}</h2>
<p class="figure" data-is="${id}">–</p>
<p class="note" data-is="${id}-note">&nbsp;</p>
<figure><svg data-curve="${id}" viewBox="0 0 179 40" preserveAspectRatio="none" role="img" aria-label="${title}, last 3 minutes"></svg>
<figcaption><span>3 min</span><span data-most="${id}"></span></figcaption></figure>
</section>`;

/** The whole page; it asks for its data itself. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>queuehand</title>
<link rel="icon" href="${ICON}">
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>queuehand</h1>
<span class="queue" data-is="queue"></span>
<span class="state" data-is="state">connecting</span>
<span class="since" data-is="since"></span>
</header>
<div class="alerts" role="status"></div>
<main>
<section class="card" id="busy">
<h2>Slots</h2>
<p class="figure" data-is="busy">–</p>
<p class="note" data-is="busy-note">&nbsp;</p>
<div class="cells" aria-hidden="true"></div>
<figure><svg data-curve="busy" viewBox="0 0 179 40" preserveAspectRatio="none" role="img" aria-label="Busy slots, last 3 minutes"></svg>
<figcaption><span>3 min</span><span data-most="busy"></span></figcaption></figure>
</section>
${curveCard("handled", "Handled")}
${curveCard("waiting", "Waiting")}
<section class="card" id="times">
<h2>Times <small>last minute</small></h2>
<table>
<thead><tr><th></th><th scope="col">p50</th><th scope="col">p99</th></tr></thead>
<tbody>
<tr><th scope="row" title="sent to agent started, repeated tries included">in queue</th><td data-is="in-queue-p50">–</td><td data-is="in-queue-p99">–</td></tr>
<tr><th scope="row" title="agent started to agent ended">agent</th><td data-is="agent-p50">–</td><td data-is="agent-p99">–</td></tr>
</tbody>
</table>
</section>
<section class="card" id="outcomes">
<h2>Outcomes <small>since the start</small></h2>
<div class="shares" aria-hidden="true"></div>
<dl></dl>
</section>
<section class="card" id="troubles">
<h2>Troubles <small>since the start</small></h2>
<dl></dl>
</section>
<section class="card" id="events">
<h2>Events <small data-is="events-note"></small></h2>
<ol></ol>
<p class="empty">Nothing to tell yet: successes are only counted.</p>
</section>
</main>
<noscript>This page needs JavaScript; the same as data is at /console/state.</noscript>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
