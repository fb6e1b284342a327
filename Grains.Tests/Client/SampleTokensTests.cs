using Orleans.Tbptt.Client;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Tests.Data.Text;
using Orleans.Tbptt.Tests.Training.Models;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>Text of a model whose tokens a tokenizer makes.</summary>
public sealed class SampleTokensTests : IDisposable
{
    private readonly ScriptedConsole _console = new();
    private readonly TrainedModels _models = new();

    public void Dispose()
    {
        _console.Dispose();
        _models.Dispose();
    }

    /// <summary>The package has the tokenizer: what the model was trained with need not be there any more.</summary>
    [Fact]
    public async Task Text_ContinuesThePrompt_WithTheTokenizerOfThePackage()
    {
        string package = Package(), sample = _models.File("sample.txt"), again = _models.File("again.txt");
        Assert.Equal(TokenizerFiles.Cat, File.ReadAllText(Path.Combine(package, "tokenizer.json")));
        File.Delete(_models.File("cats.json"));

        Assert.Equal(0, await _console.RunAsync(
            "sample", package, "--prompt", "a cat é<|end|>", "--length", "30", "--output", sample));
        Assert.Equal(0, await _console.RunAsync(
            "sample", package, "--prompt", "a cat é<|end|>", "--length", "30", "--output", again));

        Assert.StartsWith("a cat é<|end|>", File.ReadAllText(sample), StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(sample), File.ReadAllBytes(again));
        Assert.InRange(File.ReadAllBytes(sample).Length, "a cat é<|end|>".Length + 31, 400);
    }

    /// <summary>WordPiece leaves ends of lines out, which a sample begins with where no prompt is given.</summary>
    [Fact]
    public async Task Words_ContinueThePrompt_WhichIsAskedFor()
    {
        string package = Package(LibraryWordPiece.Read().With(null)), sample = _models.File("sample.txt");

        Assert.Equal(ExitCode.Usage, await _console.RunAsync("sample", package));
        Assert.Contains("--prompt: found no token in it, expected a text with one to begin with", _console.Error, StringComparison.Ordinal);
        Assert.Equal(0, await _console.RunAsync("sample", package, "--prompt", "hello, unaffable", "--length", "20", "--output", sample));

        Assert.StartsWith("hello, unaffable", File.ReadAllText(sample), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OtherTokenizer_IsRefused()
    {
        string package = Package();
        await File.AppendAllTextAsync(Path.Combine(package, "tokenizer.json"), " ", TestContext.Current.CancellationToken);

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("sample", package));

        Assert.Contains("tokenizer.json: found a tokenizer with SHA-256 ", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MissingTokenizer_IsNamed()
    {
        string package = Package();
        File.Delete(Path.Combine(package, "tokenizer.json"));

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("sample", package));

        Assert.Contains("tokenizer.json", _console.Error, StringComparison.Ordinal);
    }

    private string Package(string? tokenizer = null)
    {
        _models.Write("cats.json", tokenizer ?? TokenizerFiles.Cat);
        _models.Write("cats.txt", string.Concat(Enumerable.Repeat("a cat and cats, cat's\n", 20)));
        string spec =
            $$"""
            name: cats
            model: {cell: gru, hiddenSize: 4, embedding: {size: 3} }
            data: { source: "tokens:{{_models.File("cats.txt")}}", tokenizer: "{{_models.File("cats.json")}}", batchSize: 1 }
            tbptt: {chunkLength: 8}
            train: {epochs: 1, loss: cross_entropy, optimizer: {name: adam, lr: 0.01} }
            """;
        using var prepared = PreparedRun.Prepare(SpecLoader.Parse(spec, "cats.yaml", "/").Spec!);
        return _models.Save(TrainedModels.Train(prepared));
    }
}
