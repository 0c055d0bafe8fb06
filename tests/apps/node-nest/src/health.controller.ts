import { Controller, Get } from "@nestjs/common";

@Controller()
export class HealthController {
  @Get()
  index(): string {
    return "Hello from Nest";
  }

  @Get("health")
  health(): { status: string } {
    return { status: "ok" };
  }
}
