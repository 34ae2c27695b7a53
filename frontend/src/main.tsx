import { render } from "preact";
import "./theme.css";
import "./components/components.css";
import { Shell } from "./shell";
import { applyTheme } from "./theme";

applyTheme();
const root = document.getElementById("app");
if (root) render(<Shell />, root);
