const MASK = "***";

/** What stands between `://` and the last `@` before the path: a name, a password, or a token for either. */
const USER_INFO = /(?<=:\/\/)[^\s/?#"'`<>\\]*@/g;
/** The same of a URL that was cut before its `@`. */
const CUT_USER_INFO = /(?<=:\/\/)[^\s/?#"'`<>\\@…:]*:[^\s/?#"'`<>\\@…]*(?=…)/g;
const QUERY_PAIR = /([?&;])([\w.~%[\]-]{1,64})=([^\s&;#"'`<>\\]+)/g;
/** The same of what is one URL as a whole, in which quotes and blanks may stand. */
const WHOLE_QUERY_PAIR = /([?&;#])([^=&;#]{1,64})=([^&;#]+)/g;
/** `name:password@host` without a scheme; bounded, since each colon of a text may be one before a password. */
const BARE_USER_INFO = /(?<![\w@./-])[^\s/:@"'`<>]{1,64}:[^\s/@"'`<>]{1,512}@(?=[\w[])/g;
const HEADER = /\b(authorization|cookie|x-[\w-]{1,64})(\s*:\s*)(?:(?:basic|bearer|token)\s+)?[^\s"'\\]+/gi;
const BEARER = /\b(basic|bearer)\s+[\w.~+/=-]{8,}/gi;
/** What a value stands behind: `NAME=`, `--name=`, `/name:`, `"name": `, `--name `. */
const NAMES = /(?<![\w./-])(\/?[\w.-]{1,64})(?:\\?["']\s*:\s*|[=:])|(?<!\S)(-{1,2}[\w.-]{1,64})\s+(?!--)/g;
/** A value in quotes, closed or not, themselves quoted or not; or what has none. */
const VALUE = /\\?"[^"]*"?|'[^']*'?|[^\s"']+/y;
/** `--user name:password`, as curl takes it. */
const USER_OPTION = /(?<!\S)(-u|--user)(\s+|=)(\\?["']?)([^\s:"']+):[^\s"']+/g;
const WORD = /(?<![\w.+/=-])[\w+=-]{20,}(?:\.[\w-]+)*(?![\w/])/g;
/** AWS's secret keys have this length, and may have slashes in them, as paths do. */
const SECRET_KEY =
  /(?<![\w.+/=-])(?=[\w+/]*[a-z])(?=[\w+/]*[A-Z])(?=[\w+/]*\d)[A-Za-z\d+][A-Za-z\d+/]{39}(?![\w.+/=-])/g;

const SECRET_NAME =
  /pass(w|phrase|$)|bearer|pwd|secret|token|credential|signature|(^|[-_.])(sig|auth|key|code|session|jwt)$|authorization|(api|access|private|account)[-_.]?key/i;
/** Tokens of well-known makers, and JWTs. */
const KNOWN_TOKEN =
  /^(?:[spr]k[-_][\w-]{16,}|gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|(?:AKIA|ASIA)[A-Z\d]{16}|AIza[\w-]{30,}|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*)$/;
/** Shorter ones are names more often than keys. */
const RANDOM_MIN = 24;

/**
 * Text without the secrets that stand in it: what names the user in a URL, values in a query, words of a command line,
 * each where its name or its look says that it is one. For all that tells what settings and errors say; bodies are data,
 * and shown as they are. A password that looks like any other word, and has no name before it, can't be told from one.
 */
export function masked(text: string): string {
  const words = maskedUrls(text)
    .replace(BARE_USER_INFO, `${MASK}@`)
    .replace(HEADER, (whole, name: string, colon: string) =>
      /^(authorization|cookie)$/i.test(name) || isSecretName(name) ? `${name}${colon}${MASK}` : whole,
    )
    .replace(BEARER, `$1 ${MASK}`)
    .replace(USER_OPTION, `$1$2$3$4:${MASK}`);
  return maskedNamed(words)
    .replace(SECRET_KEY, MASK)
    .replace(WORD, (word) => (looksRandom(word) ? MASK : word));
}

/** The value behind each name of a secret; that of another name is looked into for more names. */
function maskedNamed(text: string): string {
  let told = "";
  let from = 0;
  for (const { index, 0: whole, 1: name, 2: option } of text.matchAll(NAMES)) {
    const start = index + whole.length;
    if (start < from || !isSecretName(name ?? option!)) continue;
    VALUE.lastIndex = start;
    const value = VALUE.exec(text)?.[0];
    if (value === undefined || value.startsWith(MASK)) continue;
    told += text.slice(from, start) + MASK;
    from = start + value.length;
  }
  return told + text.slice(from);
}

/** The URLs in a text without what is secret in them; takes time by its length alone, so that log lines can have it. */
export function maskedUrls(text: string): string {
  if (!text.includes("://") || !/[@=…]/.test(text)) return text;
  return text.replace(USER_INFO, `${MASK}@`).replace(CUT_USER_INFO, MASK).replace(QUERY_PAIR, maskedPair);
}

function maskedPair(whole: string, sign: string, name: string, value: string): string {
  return isSecretName(decoded(name)) || looksRandom(decoded(value)) ? `${sign}${name}=${MASK}` : whole;
}

/**
 * A setting's value, or what was typed instead of one, without its secrets. As it is one whole, an `@` tells a password
 * also where no URL can be made out: quotes, blanks and slashes may stand in it.
 */
export function maskedValue(value: string): string {
  const url = URL.parse(value);
  if (url?.host) value = value.replace(WHOLE_QUERY_PAIR, maskedPair);
  if (url?.username || url?.password) {
    url.username = "";
    url.password = "";
    // The mask as it is: in a URL's own part it would be kept, in a password it might be encoded one day.
    return masked(url.href.replace("//", `//${MASK}@`).replace(WHOLE_QUERY_PAIR, maskedPair));
  }
  const at = value.lastIndexOf("@");
  const before = value.slice(0, Math.max(at, 0));
  // Of a URL that is one, an @ after the host belongs to the path.
  if (url?.host || !/^([a-z][a-z\d+.-]*:[/\\]|[/\\]*[^\s/\\]+:)/i.test(before) || /^(exec|file):/i.test(value)) {
    return masked(value);
  }
  const scheme = /^[a-z][a-z\d+.-]*:[/\\]+/i.exec(value)?.[0] ?? "";
  return masked(`${scheme}${MASK}${value.slice(at)}`);
}

function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Letters of both cases with digits, or many hexadecimal digits: nobody types these. */
function looksRandom(word: string): boolean {
  if (KNOWN_TOKEN.test(word)) return true;
  if (word.length < RANDOM_MIN || !/^[\w+=~-]+$/.test(word)) return false;
  return (
    (/[a-z]/.test(word) && /[A-Z]/.test(word) && /\d/.test(word)) || /^(?=.*\d)(?=.*[a-f])[\da-f]{32,}$/i.test(word)
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
