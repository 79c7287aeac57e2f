import "@wokwi/elements/dist/esm/arduino-uno-element.js";
import "@wokwi/elements/dist/esm/buzzer-element.js";
import "@wokwi/elements/dist/esm/lcd1602-element.js";
import "@wokwi/elements/dist/esm/lcd2004-element.js";
import "@wokwi/elements/dist/esm/led-element.js";
import "@wokwi/elements/dist/esm/ntc-temperature-sensor-element.js";
import "@wokwi/elements/dist/esm/potentiometer-element.js";
import "@wokwi/elements/dist/esm/pushbutton-6mm-element.js";
import "@wokwi/elements/dist/esm/pushbutton-element.js";
import "@wokwi/elements/dist/esm/resistor-element.js";
import "@wokwi/elements/dist/esm/servo-element.js";
import type { DrawnPart, SeenPart } from "../../circuit/seen/seen.js";

/** What a part's picture is told of what it looks like now. */
type Picture = HTMLElement & Record<string, unknown>;

/** Attributes of a diagram that pictures have as properties, besides those that all have. */
const TAKEN: Readonly<Record<string, readonly string[]>> = {
  "wokwi-led": ["color", "label"],
  "wokwi-resistor": ["value"],
  "wokwi-pushbutton": ["color", "label"],
  "wokwi-pushbutton-6mm": ["color", "label"],
  "wokwi-servo": ["horn", "hornColor"],
  "wokwi-lcd1602": ["pins", "color", "background"],
  "wokwi-lcd2004": ["pins", "color", "background"],
};

/** A part's picture, by @wokwi/elements; a box with its name where they have none. */
export function makePicture({ type, id, attrs, width, height }: DrawnPart): HTMLElement {
  if (customElements.get(type) === undefined) {
    const box = document.createElement("div");
    box.className = "plain-part";
    box.style.width = `${width}px`;
    box.style.height = `${height}px`;
    box.textContent = id;
    return box;
  }
  const picture = document.createElement(type) as Picture; // it is defined, by the imports above
  for (const name of TAKEN[type] ?? []) if (attrs[name] !== undefined) picture[name] = attrs[name];
  return picture;
}

/** Lets a picture look as its part does. */
export function show(picture: HTMLElement, part: SeenPart): void {
  const seen = picture as Picture; // of the part's type, or a box, which these change nothing of
  switch (part.type) {
    case "led":
      seen.value = part.brightness > 0;
      // An eye sees a tenth of the light as a third of the brightness.
      seen.brightness = part.brightness ** (1 / 2.2);
      break;
    case "buzzer":
      seen.hasSignal = part.hz !== null;
      break;
    case "button":
      seen.pressed = part.pressed;
      break;
    case "potentiometer":
      seen.value = part.ratio * 100;
      break;
    case "servo":
      seen.angle = part.degrees ?? 0;
      break;
    case "thermistor":
      break; // it looks the same, cold or warm
    case "relay":
      picture.dataset.on = String(part.isOn);
      break;
    case "lcd":
      seen.text = part.lines.join("");
      seen.backlight = part.isLit;
      break;
  }
}

/** What a part does, in words. */
export function describe(part: SeenPart): string {
  switch (part.type) {
    case "led":
      return part.brightness === 0
        ? "dark"
        : part.brightness < 1
          ? `lit, ${Math.round(part.brightness * 100)} %`
          : "lit";
    case "buzzer":
      return part.hz === null ? "silent" : `sounds ${part.hz.toFixed(2)} Hz`;
    case "button":
      return part.pressed ? "pressed" : "released";
    case "potentiometer":
      return `${Math.round(part.ratio * 100)} %`;
    case "servo":
      return part.degrees === null ? "no pulses" : `${Math.round(part.degrees)}°`;
    case "thermistor":
      return `${part.celsius.toFixed(1)} °C`;
    case "relay":
      return part.isOn ? "on" : "off";
    case "lcd":
      return part.lines.map((line) => line.trimEnd()).join(" / ");
  }
}
