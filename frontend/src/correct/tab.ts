// The server lets one tab write to an image; the others look. A tab is known by a name, and a new
// one takes the name of a tab that was closed or reloaded, so that it goes on where that one was.

const KEPT_AS = "sorby.tabs";
const OWN_KEPT_AS = "sorby.tab";
const MOST = 20;

/** A name that nobody else has. Also where the page was not asked for over a safe connection. */
export function uuid(): string {
  if ("randomUUID" in crypto) return crypto.randomUUID();
  const hex = [...(crypto as Crypto).getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0"));
  return hex.join("");
}

/** Take a name for as long as this tab lives; false where another tab has it. */
function hold(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    void navigator.locks.request(`sorby.tab.${name}`, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock ? new Promise(() => {}) : undefined;
    });
  });
}

function known(): string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEPT_AS) ?? "[]");
    return Array.isArray(found) ? found.filter((name): name is string => typeof name === "string") : [];
  } catch {
    return [];
  }
}

/** The name that this tab had before a reload, one of a closed tab, or a fresh one. */
async function chosen(): Promise<string> {
  if (!("locks" in navigator)) return uuid();
  const own = sessionStorage.getItem(OWN_KEPT_AS);
  for (const name of own === null ? known() : [own, ...known()]) if (await hold(name)) return kept(name);
  const name = uuid();
  await hold(name);
  localStorage.setItem(KEPT_AS, JSON.stringify([name, ...known()].slice(0, MOST)));
  return kept(name);
}

function kept(name: string): string {
  sessionStorage.setItem(OWN_KEPT_AS, name);
  return name;
}

let name: Promise<string> | undefined;

/** This tab's name. */
export function tab(): Promise<string> {
  return (name ??= chosen());
}
