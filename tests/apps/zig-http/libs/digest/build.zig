const std = @import("std");

pub fn build(b: *std.Build) void {
    const module = b.createModule(.{
        .target = b.standardTargetOptions(.{}),
        .optimize = b.standardOptimizeOption(.{}),
        .link_libc = true,
    });
    module.addCSourceFile(.{ .file = b.path("digest.c"), .flags = &.{"-std=c11"} });
    b.installArtifact(b.addLibrary(.{ .name = "digest", .linkage = .static, .root_module = module }));
}
