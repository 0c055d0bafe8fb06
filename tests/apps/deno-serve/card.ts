import { PDFDocument } from "pdf-lib";
import { greeting } from "./greeting.ts";

export async function card(name: string): Promise<ArrayBuffer> {
  const card = await PDFDocument.create();
  card.addPage([300, 150]).drawText(greeting(name), { x: 30, y: 70, size: 18 });
  return (await card.save()).slice().buffer;
}
