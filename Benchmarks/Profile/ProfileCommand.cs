using System.CommandLine;
using System.Diagnostics;

namespace Orleans.Tbptt.Benchmarks.Profile;

/// <summary>
/// The command line that renews the profiles of the programs' starts, by which the build decides what to compile ahead
/// (<c>build/Precompile.targets</c>).
/// </summary>
internal static class ProfileCommand
{
    public static Command Make()
    {
        var program = new Option<string>("--tbptt")
        {
            Description = "The tbptt to run. Default: this build's.",
            DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "..", "..", "Client", "release", "tbptt"),
        };
        var spec = new Option<string>("--spec") { Description = "The spec to train.", DefaultValueFactory = _ => "examples/average.yaml" };
        var folder = new Option<string>("--output")
        {
            Description = "The folder of the profiles.",
            DefaultValueFactory = _ => "build/profiles",
        };
        var command =
            new Command("profile", "Records which methods a training run calls in console and silo, for the build to compile ahead.")
        {
            program, spec, folder,
        };
        command.SetAction(async (parsed, cancellation) => await RunAsync(
            Path.GetFullPath(parsed.GetValue(program)!), Path.GetFullPath(parsed.GetValue(spec)!),
            Directory.CreateDirectory(parsed.GetValue(folder)!).FullName, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string program, string spec, string folder, CancellationToken cancellation)
    {
        var store = Directory.CreateTempSubdirectory("tbptt-profile-");
        try
        {
            var start = new ProcessStartInfo(program, ["train", spec, "--runs", store.FullName])
            {
                Environment =
                {
                    [StartRecorder.FolderVariable] = folder,
                    ["DOTNET_STARTUP_HOOKS"] = typeof(ProfileCommand).Assembly.Location,
                    // Without images, and with quick code where possible, so that every method that is called is seen: images and full
                    // optimisation inline many, and the profile would depend on the former one.
                    ["DOTNET_ReadyToRun"] = "0",
                    ["DOTNET_TC_QuickJitForLoops"] = "1",
                },
            };
            using var process = Process.Start(start)!;
            await process.WaitForExitAsync(cancellation);
            if (process.ExitCode != 0)
                return process.ExitCode;
        }
        finally
        {
            store.Delete(recursive: true);
        }

        foreach (string profile in Directory.EnumerateFiles(folder, "*" + MethodProfile.Extension))
            Console.WriteLine($"{profile}: {new FileInfo(profile).Length:N0} bytes");
        return 0;
    }
}
