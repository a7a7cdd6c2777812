// The mount of a part that draws nothing itself. It is small because Streamlit sends it again with every change.

import { bring } from "./hub.js";

export default function mount({ data, setTriggerValue }) {
  return bring(data, setTriggerValue);
}
