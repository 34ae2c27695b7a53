import type { Editor } from "./editor";
import { GrayPanel } from "./graypanel";
import { usePart } from "./store";

/** The one panel that is open. */
export function Panels({ editor }: { editor: Editor }) {
  const panel = usePart(editor.store, (state) => state.panel);
  return panel === "gray" ? <GrayPanel editor={editor} /> : null;
}
