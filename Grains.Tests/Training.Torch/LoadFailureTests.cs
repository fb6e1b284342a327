using System.Diagnostics;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Torch.Native;
using TorchSharp;

namespace Orleans.Tbptt.Tests.Training.Torch;

/// <summary>
/// What a process says that cannot load libtorch. Each case is a separate process: this one has libtorch already, and some of the
/// ways to fail would end it.
/// </summary>
[Slow]
public sealed class LoadFailureTests : IDisposable
{
    private const string AnswerVariable = "TBPTT_TEST_NATIVE_ANSWER";
    private readonly string _folder = Directory.CreateTempSubdirectory("tbptt-native-").FullName;

    private string NativeFolder => Path.Combine(_folder, "runtimes", "linux-x64", "native");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Initialize_Loads_InACopyOfThisProgram()
    {
        LinkNatives(_ => true);

        Assert.Equal("loaded", await AnswerAsync());
    }

    [Fact]
    public async Task Initialize_NamesThePackage_WhenThereAreNoNativeLibraries()
    {
        string answer = await RefusalAsync();

        Assert.Contains(" is not installed with this program (libLibTorchSharp.so is in none of ", answer, StringComparison.Ordinal);
        Assert.Contains("keep the folder runtimes/linux-x64/native", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Initialize_RefusesInsteadOfCrashing_WhenTorchSharpsLibraryLiesAwayFromLibtorch()
    {
        LinkNatives(name => name != TorchPackage.LibraryName);
        File.Copy(Path.Combine(TorchPackage.OutputFolder, TorchPackage.LibraryName), Path.Combine(_folder, TorchPackage.LibraryName));

        string answer = await RefusalAsync();

        Assert.StartsWith("libtorch is incomplete: libc10.so, libtorch_cpu.so, libtorch.so must be next to ", answer,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Initialize_NamesTheFile_WhenOneThatLibtorchNeedsIsMissing()
    {
        LinkNatives(name => !name.StartsWith("libgomp", StringComparison.Ordinal));

        string answer = await RefusalAsync();

        Assert.Contains("libgomp-98b21ff3.so.1: cannot open shared object file", answer, StringComparison.Ordinal);
        Assert.Contains("belongs to libtorch: build or publish again", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Initialize_SaysThatTheFileIsDamaged_WhenItIsCutShort()
    {
        LinkNatives(name => name != "libtorch_cpu.so");
        using (var whole = File.OpenRead(Path.Combine(TorchPackage.OutputFolder, "libtorch_cpu.so")))
        {
            byte[] start = new byte[40];
            whole.ReadExactly(start);
            await File.WriteAllBytesAsync(Path.Combine(NativeFolder, "libtorch_cpu.so"), start, TestContext.Current.CancellationToken);
        }

        Assert.Contains("the file is damaged or built for a different processor", await RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Initialize_NamesTheOldLibrary_WhenTheRelaxedCopyIsNotUsed()
    {
        LinkNatives(name => name != TorchPackage.LibraryName);
        File.Copy(TorchPackage.Original(), Path.Combine(NativeFolder, TorchPackage.LibraryName));

        string answer = await AnswerAsync();

        Assert.SkipWhen(answer == "loaded", "libstdc++ on this machine is new enough for the package's own file.");
        Assert.Contains("GLIBCXX_3.4.32' not found", answer, StringComparison.Ordinal);
        Assert.Contains("build again with the project's own targets", answer, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', answer);
    }

    [Fact]
    public void Find_RefusesBeforeLoading_OnMusl()
    {
        var refusal = Assert.Throws<EngineUnavailableException>(() => TorchLibraries.Find([TorchPackage.OutputFolder], "linux-musl-x64"));

        Assert.Contains("uses musl", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>Not a test: what the copies of this program run.</summary>
    [Fact(Explicit = true)]
    public void Probe()
    {
        string answer = "loaded";
        try
        {
            NativeBackend.Initialize();
            using var one = torch.ones(1);
        }
        catch (EngineUnavailableException problem)
        {
            answer = problem.Message;
            Assert.Equal(answer, Assert.Throws<EngineUnavailableException>(NativeBackend.Initialize).Message);
        }

        File.WriteAllText(Environment.GetEnvironmentVariable(AnswerVariable)!, answer);
    }

    private void LinkNatives(Func<string, bool> wanted)
    {
        Directory.CreateDirectory(NativeFolder);
        foreach (string file in Directory.GetFiles(TorchPackage.OutputFolder).Where(file => wanted(Path.GetFileName(file))))
            File.CreateSymbolicLink(Path.Combine(NativeFolder, Path.GetFileName(file)), file);
    }

    private async Task<string> RefusalAsync()
    {
        string answer = await AnswerAsync();
        Assert.DoesNotContain('\n', answer);
        // TorchSharp gathers 490 MB in such a folder when it is left to look for libtorch by itself.
        Assert.False(Directory.Exists(Path.Combine(_folder, "cpu")));
        return answer;
    }

    private async Task<string> AnswerAsync()
    {
        var cancelled = TestContext.Current.CancellationToken;
        string program = Path.GetFileName(typeof(LoadFailureTests).Assembly.Location);
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory, "*.dll"))
        {
            string copy = Path.Combine(_folder, Path.GetFileName(file));
            // The host follows a link of the program itself back to its libraries. No deps.json: it would list what is missing here.
            if (Path.GetFileName(file) == program)
                File.Copy(file, copy);
            else
                File.CreateSymbolicLink(copy, file);
        }

        string configuration = Path.ChangeExtension(program, ".runtimeconfig.json");
        File.Copy(Path.Combine(AppContext.BaseDirectory, configuration), Path.Combine(_folder, configuration));
        string answer = Path.Combine(_folder, "answer.txt");
        string? self = Environment.ProcessPath;
        var start = new ProcessStartInfo(Path.GetFileNameWithoutExtension(self) == "dotnet" ? self! : "dotnet")
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                Path.Combine(_folder, program), "-method", $"{typeof(LoadFailureTests).FullName}.{nameof(Probe)}", "-explicit", "only",
            },
        };
        start.Environment[AnswerVariable] = answer;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancelled);
        var errors = process.StandardError.ReadToEndAsync(cancelled);
        await process.WaitForExitAsync(cancelled);
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}: {await output}{await errors}");
        return await File.ReadAllTextAsync(answer, cancelled);
    }
}
