import { formatISO } from "date-fns";
import { h } from "preact";
import { render } from "preact-render-to-string";
import { greeting } from "./greeting.ts";

export function page(name: string, now: Date): string {
  const body = h(
    "body",
    null,
    h("h1", null, greeting(name)),
    h("a", { href: "/card.pdf" }, "as a card"),
    h("time", null, formatISO(now)),
  );
  return "<!doctype html>" +
    render(
      h(
        "html",
        { lang: "en" },
        h("head", null, h("title", null, "Greetings")),
        body,
      ),
    );
}
