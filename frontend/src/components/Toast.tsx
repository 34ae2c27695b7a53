import { useEffect, useState } from "preact/hooks";
import { messageOf } from "../api";

interface Message {
  id: number;
  text: string;
  isError: boolean;
}

const SHOWN_MS = 6000;
const MOST = 4;
let messages: Message[] = [];
let nextId = 1;
let watch: ((messages: Message[]) => void) | undefined;

function put(list: Message[]): void {
  messages = list;
  watch?.(messages);
}

function close(id: number): void {
  put(messages.filter((message) => message.id !== id));
}

/** Say that something was done. It goes by itself. */
export function say(text: string): void {
  const id = nextId++;
  put(room([...messages, { id, text, isError: false }]));
  window.setTimeout(() => close(id), SHOWN_MS);
}

/** Say what went wrong. It stays until it is closed. */
export function complain(error: unknown): void {
  const text = messageOf(error);
  if (messages.some((message) => message.text === text)) return;
  put(room([...messages, { id: nextId++, text, isError: true }]));
}

/** Few enough to be read: what goes by itself makes room first, then the oldest error. */
function room(list: Message[]): Message[] {
  if (list.length <= MOST) return list;
  const gone = list.slice(0, -1).find((message) => !message.isError) ?? list[0];
  return list.filter((message) => message !== gone);
}

/** What is shown now, for tests. */
export const shownMessages = () => messages;

/** Do something and complain where it fails. Resolves to whether it worked. */
export async function attempt(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

export function Toasts() {
  const [shown, setShown] = useState(messages);
  useEffect(() => {
    watch = setShown;
    setShown(messages);
    return () => (watch = undefined);
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map((message) => (
        <div
          key={message.id}
          class={message.isError ? "toast error" : "toast"}
          role={message.isError ? "alert" : undefined}
        >
          <p>{message.text}</p>
          <button
            class="quiet icon"
            aria-label="Close this message"
            onClick={() => close(message.id)}
          >
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
