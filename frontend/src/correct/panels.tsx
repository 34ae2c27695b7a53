import type { Editor } from "./editor";
import { GrayPanel } from "./graypanel";
import { RecutPanel } from "./recut";
import { usePart } from "./store";

/** The one panel that is open. */
export function Panels({ editor }: { editor: Editor }) {
  const panel = usePart(editor.store, (state) => state.panel);
  const isReady = usePart(editor.store, (state) => state.phase === "ready"); // before, there is no probability
  if (panel === "gray") return <GrayPanel editor={editor} />;
  if (panel === "recut" && isReady) return <RecutPanel editor={editor} />;
  return null;
}
