const std = @import("std");

pub fn build(b: *std.Build) void {
    const target = b.standardTargetOptions(.{});
    const optimize = b.standardOptimizeOption(.{});

    const exe = b.addExecutable(.{
        .name = "greeter",
        .root_module = b.createModule(.{
            .root_source_file = b.path("src/main.zig"),
            .target = target,
            .optimize = optimize,
        }),
    });
    // A library in C brings the C library with it, which is compiled with it once.
    const digest = b.dependency("digest", .{ .target = target, .optimize = optimize });
    exe.root_module.linkLibrary(digest.artifact("digest"));
    b.installArtifact(exe);
}
