import { useLayoutEffect, useRef } from "preact/hooks";

export interface Editing {
  /** What the cell says. */
  before: string;
  /** What the input begins with. */
  text: string;
}

interface InputProps extends Editing {
  label: string;
  onCommit: (text: string, step: number) => void;
  onCancel: () => void;
}

/** Input in the place of a cell: Enter and leaving take what is in it, Escape does not. */
export function CellInput({ label, before, text, onCommit, onCancel }: InputProps) {
  const input = useRef<HTMLInputElement>(null);
  const isOver = useRef(false);
  const end = (action: () => void) => {
    if (isOver.current) return;
    isOver.current = true;
    action();
  };
  useLayoutEffect(() => {
    input.current?.focus();
    if (text === before) input.current?.select();
    else input.current?.setSelectionRange(text.length, text.length);
  }, []);
  return (
    <input
      ref={input}
      class="cell-input"
      aria-label={label}
      defaultValue={text}
      onBlur={(event) => {
        const value = event.currentTarget.value;
        end(() => onCommit(value, 0));
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        const value = event.currentTarget.value;
        if (event.key === "Enter") {
          event.preventDefault();
          end(() => onCommit(value, 1));
        }
        if (event.key === "Escape") end(onCancel);
      }}
    />
  );
}
