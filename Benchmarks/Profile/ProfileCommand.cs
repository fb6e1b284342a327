using System.CommandLine;
using System.Diagnostics;

namespace Orleans.Tbptt.Benchmarks.Profile;

/// <summary>
/// The command line that renews the profiles of the programs' starts, by which the build decides what of packages and frameworks to compile
/// ahead (<c>build/Precompile.targets</c>).
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
        var examples = new Option<string>("--examples") { Description = "The examples' directory.", DefaultValueFactory = _ => "examples" };
        var folder = new Option<string>("--output")
        {
            Description = "The folder of the profiles.",
            DefaultValueFactory = _ => "build/profiles",
        };
        var command = new Command("profile", "Records which methods console and silo call in short runs, for the build to compile ahead.")
        {
            program, examples, folder,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var work = Directory.CreateTempSubdirectory("tbptt-profile-");
            try
            {
                var recording = new Recording(Path.GetFullPath(parsed.GetValue(program)!), work);
                await recording.RecordAsync(Path.GetFullPath(parsed.GetValue(examples)!), cancellation);
                // Only now, because a build reads what lies there.
                string output = Directory.CreateDirectory(parsed.GetValue(folder)!).FullName;
                foreach (string profile in Directory.EnumerateFiles(work.FullName, "*" + MethodProfile.Extension))
                {
                    File.Copy(profile, Path.Combine(output, Path.GetFileName(profile)), overwrite: true);
                    Console.WriteLine($"{Path.GetFileName(profile)}: {new FileInfo(profile).Length:N0} bytes");
                }
            }
            finally
            {
                work.Delete(recursive: true);
            }
        });
        return command;
    }

    /// <summary>The runs that are recorded, with a run store in the folder of the profiles.</summary>
    private sealed class Recording(string program, DirectoryInfo folder)
    {
        private readonly string _store = Path.Combine(folder.FullName, "runs");

        public async Task RecordAsync(string examples, CancellationToken cancellation)
        {
            await EndAsync(Process.Start(StartInfo("average", "train", Path.Combine(examples, "average.yaml")))!, cancellation);
            // Long enough for a console that joins the cluster meanwhile.
            // Long enough for a console that joins the cluster meanwhile.
            using var training = Process.Start(StartInfo(
                "sunspots", "train", Path.Combine(examples, "sunspots.yaml"), "--silos", "2", "--set", "train.epochs=2000"))!;
            try
            {
                string membership = await FirstFileAsync(Path.Combine(_store, ".cluster"), "sunspots-*.db", training, cancellation);
                var joining = StartInfo("cluster", "ls", "--cluster", "sqlite:" + membership);
                // A run's own cluster is named like the run, and its file, too.
                joining.Environment["Orleans__ClusterId"] = Path.GetFileNameWithoutExtension(membership);
                await EndAsync(Process.Start(joining)!, cancellation);
                await EndAsync(training, cancellation);
            }
            catch
            {
                training.Kill(entireProcessTree: true);
                throw;
            }
        }

        private ProcessStartInfo StartInfo(string name, params string[] arguments) => new(
            program, arguments is ["train", ..] ? [.. arguments, "--runs", _store] : arguments)
        {
            Environment =
            {
                [StartRecorder.FolderVariable] = folder.FullName,
                [StartRecorder.NameVariable] = name,
                ["DOTNET_STARTUP_HOOKS"] = typeof(ProfileCommand).Assembly.Location,
                // Without images, and with quick code where possible, so that every method that is called is seen: images and full
                // optimisation inline many, and the profile would depend on the former one.
                ["DOTNET_ReadyToRun"] = "0",
                ["DOTNET_TC_QuickJitForLoops"] = "1",
            },
        };

        private static async Task EndAsync(Process process, CancellationToken cancellation)
        {
            using (process)
            {
                await process.WaitForExitAsync(cancellation);
                if (process.ExitCode != 0)
                    throw new InvalidOperationException(
                        $"{string.Join(' ', process.StartInfo.ArgumentList)} ended with exit code {process.ExitCode}, expected 0");
            }
        }

        private static async Task<string> FirstFileAsync(string directory, string pattern, Process writer, CancellationToken cancellation)
        {
            while (true)
            {
                if (Directory.Exists(directory) && Directory.EnumerateFiles(directory, pattern).FirstOrDefault() is { } file)
                    return file;
                if (writer.HasExited)
                    throw new InvalidOperationException($"the run ended before {Path.Combine(directory, pattern)} appeared");
                await Task.Delay(TimeSpan.FromMilliseconds(100), cancellation);
            }
        }
    }
}
