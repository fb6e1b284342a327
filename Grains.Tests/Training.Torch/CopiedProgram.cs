using System.Diagnostics;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Tests.Training.Torch;

/// <summary>A copy of this program, to load libtorch in a process of its own.</summary>
internal sealed class CopiedProgram : IDisposable
{
    /// <summary>Where a copy is to write its answer.</summary>
    public const string AnswerVariable = "TBPTT_TEST_NATIVE_ANSWER";

    /// <summary>Its folder.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("tbptt-native-").FullName;

    /// <summary>The folder of its native libraries.</summary>
    public string NativeFolder => Path.Combine(Folder, "runtimes", "linux-x64", "native");

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>Gives it those of this program's native libraries that are wanted.</summary>
    public void LinkNatives(Func<string, bool> wanted) => Link(TorchPackage.OutputFolder, NativeFolder, wanted);

    /// <summary>Makes a folder with links to files of another one.</summary>
    public static void Link(string from, string to, Func<string, bool> wanted)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from).Where(file => wanted(Path.GetFileName(file))))
            File.CreateSymbolicLink(Path.Combine(to, Path.GetFileName(file)), file);
    }

    /// <summary>What <see cref="LibtorchProbe.Probe"/> finds in the copy.</summary>
    /// <param name="libtorch">The folder that the environment names; null for none.</param>
    public async Task<string> AnswerAsync(string? libtorch = null)
    {
        var cancelled = TestContext.Current.CancellationToken;
        string program = Path.GetFileName(typeof(CopiedProgram).Assembly.Location), answer = Path.Combine(Folder, "answer.txt");
        if (!File.Exists(Path.Combine(Folder, program)))
            CopyProgram(program);
        string? self = Environment.ProcessPath;
        var start = new ProcessStartInfo(Path.GetFileNameWithoutExtension(self) == "dotnet" ? self! : "dotnet")
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                Path.Combine(Folder, program), "-method", $"{typeof(LibtorchProbe).FullName}.{nameof(LibtorchProbe.Probe)}",
                "-explicit", "only",
            },
        };
        start.Environment[AnswerVariable] = answer;
        start.Environment[LibtorchFolder.Variable] = libtorch;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancelled);
        var errors = process.StandardError.ReadToEndAsync(cancelled);
        await process.WaitForExitAsync(cancelled);
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}: {await output}{await errors}");
        return await File.ReadAllTextAsync(answer, cancelled);
    }

    private void CopyProgram(string program)
    {
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory, "*.dll"))
        {
            string copy = Path.Combine(Folder, Path.GetFileName(file));
            // The host follows a link of the program itself back to its libraries. No deps.json: it would list what is missing here.
            if (Path.GetFileName(file) == program)
                File.Copy(file, copy);
            else
                File.CreateSymbolicLink(copy, file);
        }

        string configuration = Path.ChangeExtension(program, ".runtimeconfig.json");
        File.Copy(Path.Combine(AppContext.BaseDirectory, configuration), Path.Combine(Folder, configuration));
    }
}
