/** Its own style and script and nothing else; no frame around it, and requests to nobody but where it came from. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect x='1' y='1' width='6' height='6' rx='1.5' fill='%232f7d5b'/%3E%3Crect x='9' y='1' width='6' height='6' rx='1.5' fill='%232f7d5b'/%3E%3Crect x='1' y='9' width='6' height='6' rx='1.5' fill='%232f7d5b'/%3E%3Crect x='9' y='9' width='6' height='6' rx='1.5' fill='%23a9c9ba'/%3E%3C/svg%3E";

/** A card with a figure and a line under it. */
const figureCard = (
  id: string,
  title: string,
  help: string,
) => `<section class="card" id="${id}" aria-labelledby="${id}-title">
<h3 id="${id}-title" title="${help}">${title}</h3>
<p class="figure" data-is="${id}">–</p>
<p class="note" data-is="${id}-note">&nbsp;</p>
</section>`;

const timesRow = (id: string, title: string, help: string) =>
  `<tr><th scope="row" title="${help}">${title}</th><td data-is="${id}-p50">–</td><td data-is="${id}-p95">–</td><td data-is="${id}-p99">–</td></tr>`;

const NOW = `<section id="now" aria-labelledby="now-title">
<h2 id="now-title" class="unseen">Now</h2>
<div class="grid">
<section class="card wide" id="busy" aria-labelledby="busy-title">
<h3 id="busy-title" title="A slot is the right to run one agent; CONCURRENCY says how many there are.">Slots</h3>
<p class="figure" data-is="busy">–</p>
<ul class="cells" aria-label="Busy slots"></ul>
<p class="cell-words" data-is="cell" aria-live="off">&nbsp;</p>
</section>
${figureCard("waiting", "Backlog", "Messages in the queue that nobody works on: those that anybody may receive, and those that wait here for a slot.")}
${figureCard("rate", "Handled", "Deliveries whose agent ran here and whose outcome was settled, a second, over the last five.")}
${figureCard("success", "Success", "The share of agents' ends of the last minute that were done.")}
<section class="card wide" id="times" aria-labelledby="times-title">
<h3 id="times-title">Times <small>last minute</small></h3>
<table>
<thead><tr><th><span class="unseen">what</span></th><th scope="col" title="Half took no longer than this.">p50</th><th scope="col" title="Nineteen of twenty took no longer.">p95</th><th scope="col" title="99 of a hundred took no longer.">p99</th></tr></thead>
<tbody>
${timesRow("first-try", "event to done", "From sent to done, of messages that were done at their first receive.")}
${timesRow("later-try", "– after retries", "From sent to done, of messages that needed more than one receive: their waits between tries included.")}
${timesRow("in-queue", "in queue", "From sent to agent started, repeated tries included.")}
${timesRow("agent", "agent", "From agent started to agent ended.")}
</tbody>
</table>
</section>
<section class="card" id="outcomes" aria-labelledby="outcomes-title">
<h3 id="outcomes-title">Outcomes <small>since the start</small></h3>
<div class="shares" aria-hidden="true"></div>
<dl></dl>
</section>
<section class="card" id="troubles" aria-labelledby="troubles-title">
<h3 id="troubles-title">Troubles <small>since the start</small></h3>
<dl></dl>
</section>
<section class="card" id="worker" aria-labelledby="worker-title">
<h3 id="worker-title">Worker</h3>
<dl></dl>
</section>
</div>
</section>`;

const BUDGETS = `<section id="budgets" aria-labelledby="budgets-title" hidden>
<h2 id="budgets-title" title="Limits of what agents call, shared by the whole service: what is more waits, under its lease.">Budgets</h2>
<p class="summary" data-is="budgets-summary"></p>
<p class="note" data-is="budgets-waits"></p>
<div class="grid"></div>
<p class="note">Bars: what was used in the last ten minutes; red ones: its provider paused it.</p>
</section>`;

const TIME = `<section id="time" aria-labelledby="time-title">
<div class="head"><h2 id="time-title">Time</h2>
<div class="buttons" role="group" aria-label="Range and pause">
<button type="button" data-range="hour" aria-pressed="true" title="The last hour, by the second">hour</button>
<button type="button" data-range="day" aria-pressed="false" title="The last day, by the minute">day</button>
<button type="button" data-do="pause" aria-pressed="false" title="Hold the plots still; what comes meanwhile is drawn afterwards">pause</button>
<button type="button" data-do="whole" title="Show the whole range again; drag over a plot to zoom in">whole</button>
</div></div>
<div class="grid plots" id="plots"></div>
</section>`;

const ERRORS = `<section id="errors" aria-labelledby="errors-title">
<h2 id="errors-title" title="Failures that are alike, as dlq ls groups dead letters: without numbers and ids.">Errors</h2>
<div class="card"><div class="scroll" tabindex="0" role="region" aria-label="Errors by kind"><table class="list" id="error-list"><caption class="unseen">Failures by kind</caption>
<thead><tr><th scope="col">count</th><th scope="col">how</th><th scope="col">error</th><th scope="col" title="Failures of each minute of the last hour">last hour</th><th scope="col">first</th><th scope="col">last</th><th scope="col"><span class="unseen">show</span></th></tr></thead><tbody></tbody></table></div>
<p class="empty" data-is="errors-empty">…</p></div>
</section>`;

const FILTER = `<form id="filter" role="search" aria-label="Filter messages">
<label>outcome <select name="outcome"><option value="">any</option></select></label>
<label>error <select name="error"><option value="">any</option></select></label>
<label title="The FIFO group, whole">group <input name="group" size="10" autocomplete="off"></label>
<label title="The message's id, or how it begins">key <input name="key" size="14" autocomplete="off"></label>
<label title="Part of an id, group, error, note, or body">text <input name="text" type="search" size="14" autocomplete="off"></label>
<button type="reset">clear</button>
</form>`;

const MESSAGES = `<section id="messages" aria-labelledby="messages-title">
<div class="head"><h2 id="messages-title" title="A delivery is one receipt of one message.">Messages <small>the last thousand deliveries</small></h2></div>
<div class="card">${FILTER}
<p class="note" data-is="messages-note" role="status">&nbsp;</p>
<div class="scroll" tabindex="0" role="region" aria-label="Messages that match">
<table class="list" id="message-list"><caption class="unseen">Deliveries, the newest first</caption>
<thead><tr><th scope="col">when</th><th scope="col">outcome</th><th scope="col">message</th><th scope="col" title="How often it was received, this time included">receive</th><th scope="col" title="Sent to agent started">in queue</th><th scope="col" title="Agent started to agent ended">agent</th><th scope="col">error</th></tr></thead><tbody></tbody></table></div>
<p class="empty" data-is="messages-empty">…</p></div>
</section>`;

const LETTERS = `<section id="dead-letters" aria-labelledby="letters-title" hidden>
<div class="head"><h2 id="letters-title" title="Messages that were rejected, or failed as often as their queue allows.">Dead letters</h2>
<div class="buttons"><button type="button" data-do="look" title="Reads the dead-letter queue: its messages are hidden meanwhile, and each look counts as a receive.">look</button>
<button type="button" data-do="redrive-all" hidden>send all back</button></div></div>
<div class="card">
<label id="token" hidden>token <input name="token" type="password" autocomplete="off" size="24"> <small>what CONSOLE_TOKEN says; kept in this page alone</small></label>
<p class="note" data-is="letters-note" role="status">Nobody has looked yet.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Dead letters"><table class="list" id="letter-groups"><caption class="unseen">Dead letters by reason</caption><tbody></tbody></table>
<table class="list" id="letter-list"><caption class="unseen">Dead letters</caption><tbody></tbody></table></div></div>
</section>`;

const EVENTS = `<section id="events" aria-labelledby="events-title">
<h2 id="events-title" title="What the worker told that is worth reading; successes are only counted.">Events <small data-is="events-note"></small></h2>
<div class="card"><ol tabindex="0" aria-label="Events, the newest first"></ol>
<p class="empty" data-is="events-empty">Nothing to tell yet: successes are only counted.</p></div>
</section>`;

const WORDS = `<section id="words" aria-label="Words">
<details><summary>What the words on this page mean</summary><dl class="one card"></dl></details>
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
<link rel="stylesheet" href="/page.css">
<script src="/page.js" type="module"></script>
</head>
<body>
<a class="skip" href="#now">to the figures</a>
<header>
<h1>queuehand</h1>
<span class="queue" data-is="queue"></span>
<span class="state" data-is="state" role="status">connecting</span>
<span class="since" data-is="since"></span>
<nav aria-label="Sections"><a href="#now">Now</a><a href="#budgets" hidden>Budgets</a><a href="#time">Time</a><a href="#errors">Errors</a><a href="#messages">Messages</a><a href="#dead-letters" hidden>Dead letters</a><a href="#events">Events</a></nav>
</header>
<div class="alerts" role="status"></div>
<main>
${NOW}
${BUDGETS}
<section id="extra" hidden></section>
${TIME}
${ERRORS}
${MESSAGES}
${LETTERS}
${EVENTS}
${WORDS}
</main>
<dialog id="opened" aria-labelledby="opened-title"><div class="head"><h2 id="opened-title"></h2><form method="dialog"><button title="Close (Escape)">close</button></form></div><div class="opened"></div></dialog>
<noscript>This page needs JavaScript; the same as data is at /api/now.</noscript>
</body>
</html>
`;
