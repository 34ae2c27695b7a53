import { useEffect, useState } from "preact/hooks";

export type Theme = "dark" | "light";

const KEY = "sorby.theme";
const light = matchMedia("(prefers-color-scheme: light)");

function wanted(): Theme {
  const chosen = localStorage.getItem(KEY);
  if (chosen === "dark" || chosen === "light") return chosen;
  return light.matches ? "light" : "dark";
}

/** Put the surroundings in place before anything is drawn. */
export function applyTheme(): void {
  document.documentElement.dataset.theme = wanted();
}

/** What the system prefers until the person chooses; the choice is kept in this browser. */
export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState(wanted);
  useEffect(() => {
    const follow = () => {
      applyTheme();
      setTheme(wanted());
    };
    light.addEventListener("change", follow);
    return () => light.removeEventListener("change", follow);
  }, []);
  const toggle = () => {
    localStorage.setItem(KEY, theme === "dark" ? "light" : "dark");
    applyTheme();
    setTheme(wanted());
  };
  return [theme, toggle];
}
