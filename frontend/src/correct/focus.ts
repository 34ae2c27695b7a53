import { run, type Action } from "./actions";
import type { Editor } from "./editor";

/** Keys belong to the image again: after a button or a list was used with the pointer. */
export function focusStage(): void {
  document.querySelector<HTMLElement>(".correct-stage")?.focus({ preventScroll: true });
}

/** What a button does. One that was pressed by keyboard keeps the focus. */
export function press(editor: Editor, action: Action): (event: MouseEvent) => void {
  return (event) => {
    if (event.detail > 0) focusStage();
    run(editor, action);
  };
}
