export { escapeInvisible, shown, shownValue } from "../text.ts";
