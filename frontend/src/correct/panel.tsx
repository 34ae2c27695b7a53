import type { ComponentChildren } from "preact";
import type { Editor } from "./editor";
import { focusStage } from "./focus";
import "./panel.css";

interface Props {
  editor: Editor;
  title: string;
  children: ComponentChildren;
  onEnter?: () => void;
}

/** Floats over a corner of the image, which can be moved and corrected meanwhile. */
export function Panel({ editor, title, children, onEnter }: Props) {
  const close = () => {
    editor.store.set({ panel: null });
    focusStage();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" && event.key !== "Enter") return;
    event.stopPropagation(); // on the image they mean something else
    if (event.key === "Escape") close();
    else if (!(event.target instanceof HTMLButtonElement)) onEnter?.();
  };
  return (
    <section class="correct-panel" role="dialog" aria-label={title} onKeyDown={onKeyDown}>
      <header>
        <h2>{title}</h2>
        <button class="quiet icon" aria-label="Close" onClick={close}>
          ×
        </button>
      </header>
      {children}
    </section>
  );
}
