using Google.Protobuf;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Export.Onnx;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Tests.Client.Export;

/// <summary>What an exported graph says of itself, and what is refused.</summary>
public sealed class OnnxModelTests : IDisposable
{
    private const string Lstm = "cell: lstm, hiddenSize: 6, layers: 2";
    private const string Columns = "series: shop, inputs: [sales, price], targets: [sales], scale: series, horizon: 3, categorical: [kind]";

    private readonly ScriptedConsole _console = new();
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public void Metadata_NameColumnsStatesAndHashes()
    {
        var package = Model(Lstm, Columns);

        var graph = OnnxModel.Of(package);

        var metadata = graph.MetadataProps.ToDictionary(one => one.Key, one => one.Value);
        Assert.Equal("""["sales","price"]""", metadata["values"]);
        Assert.Equal("""["kind"]""", metadata["classes"]);
        Assert.Equal("""["shop 0","shop 1"]""", metadata["series"]);
        Assert.Equal("""["sales +3"]""", metadata["forecasts"]);
        Assert.Equal(
            """{"h_l0":"next_h_l0","c_l0":"next_c_l0","h_l1":"next_h_l1","c_l1":"next_c_l1"}""", metadata["states"]);
        Assert.Equal(package.Config.Hashes.Weights, metadata["weights_sha256"]);
        Assert.Equal((package.Config.Hashes.Spec, package.Config.Hashes.Data), (metadata["spec_sha256"], metadata["data_sha256"]));
        Assert.Equal(package.Config.Write(), metadata["config"]);
        Assert.Equal("zero", metadata["from_state"]);
        Assert.Equal("forecasts", graph.Graph.Output[0].Name);
        Assert.Equal(("wave-1", 8), (graph.Graph.Name, graph.IrVersion));
        Assert.Equal([("", 17), ("ai.onnx.ml", 2)], graph.OpsetImport.Select(one => (one.Domain, one.Version)));
    }

    [Fact]
    public async Task EndOfTraining_IsAChoiceOfOneStreamAlone()
    {
        string stream = TrainedModels.Of(_directory, TrainedModels.OneSeries).Save(_directory.File("stream"));
        string shops = Model(Lstm, Columns).Save(_directory.File("panel")), to = _directory.File("x.onnx");

        Assert.Equal(0, await _console.RunAsync("export", stream, "--format", "onnx", "--to", to, "--from-state", "end"));
        var graph = global::Onnx.ModelProto.Parser.ParseFrom(File.ReadAllBytes(to));
        Assert.Equal("end", graph.MetadataProps.Single(one => one.Key == "from_state").Value);
        Assert.Equal(ExitCode.Usage, await _console.RunAsync(
            "export", shops, "--format", "onnx", "--to", _directory.File("y.onnx"), "--from-state", "end"));
        Assert.Contains("--from-state: found end, expected zero: the lanes of this model's training do not end with the last rows of each "
            + "series; feed the graph the state of each series", _console.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, await _console.RunAsync("export", stream, "--to", _directory.File("z"), "--from-state", "end"));
        Assert.Contains("--from-state: found with --format package, expected --format onnx", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void SameModel_GivesTheSameBytes() =>
        Assert.Equal(OnnxModel.Of(Model(Lstm, Columns)).ToByteArray(), OnnxModel.Of(Model(Lstm, Columns)).ToByteArray());

    /// <summary>Readers need these by the standard: a value is written before it is read, and only once.</summary>
    [Fact]
    public void Nodes_ReadWhatIsWrittenBeforeThem()
    {
        var graph = OnnxModel.Of(Model(
            Lstm, "inputs: [sales, price], targets: [price], transform: {sales: difference, price: log1p}, missingValues: mask",
            gaps: true)).Graph;

        HashSet<string> known = [.. graph.Initializer.Select(one => one.Name), .. graph.Input.Select(one => one.Name)];
        foreach (var node in graph.Node)
        {
            Assert.All(node.Input.Where(name => name.Length > 0), name => Assert.Contains(name, known));
            Assert.All(node.Output, name => Assert.True(known.Add(name), name));
        }

        Assert.All(graph.Output, output => Assert.Contains(output.Name, known));
        Assert.Equal(graph.Initializer.Count, graph.Initializer.Select(one => one.Name).Distinct().Count());
    }

    /// <summary>A package of a cell that ONNX has no operator for.</summary>
    [Fact]
    public void CellWithoutAnOperator_IsRefused()
    {
        var package = Model("cell: rnn, hiddenSize: 6", "inputs: [sales]");
        var spec = package.Spec with { Model = package.Spec.Model with { Cell = new OwnCell() } };

        var refusal = Assert.Throws<ClientException>(() => OnnxModel.Of(ModelPackage.Of(
            Sample.Status(RunState.Completed), spec, SpecWriter.ToYaml(package.Spec), new([], null), package.Parameters, package.Hidden)));

        Assert.Equal(
            "--format onnx: found the cell custom/own, expected one with an operator in ONNX, such as lstm, gru or rnn; export it as a "
            + "package, or train the spec with another cell", refusal.Message);
    }

    [Theory]
    [InlineData("cell: lstm, hiddenSize: 6, dropout: {zoneout: 0.1}", false, "found a model with zoneout, whose states are means of two")]
    [InlineData("cell: {name: lstm, projectionSize: 3}, hiddenSize: 6, learnInitialState: true", false,
        "found a learned initial state of an LSTM with a projection, expected one of the two")]
    [InlineData("cell: {name: lstm, projectionSize: 3}, hiddenSize: 6", true, "--from-state: found end, expected zero, because the graph")]
    public void WhatItsOperatorsDoNotHave_IsRefused(string model, bool fromEnd, string expected)
    {
        var refusal = Assert.Throws<ClientException>(() => OnnxModel.Of(Model(model, "inputs: [sales]"), fromEnd));

        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DifferencesOfWhatIsReadAhead_AreRefused()
    {
        var refusal = Assert.Throws<ClientException>(() => OnnxModel.Of(Model(
            "cell: rnn, hiddenSize: 6",
            "inputs: [sales, promotion], targets: [sales], known: [promotion], transform: {promotion: difference}")));

        Assert.Contains("found differences of promotion, which data.known reads", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PackageWithoutColumns_IsRefused()
    {
        var package = Model("cell: rnn, hiddenSize: 6", "inputs: [sales]");

        var refusal = Assert.Throws<ClientException>(() => OnnxModel.Of(ModelPackage.Of(
            Sample.Status(RunState.Completed), package.Spec, SpecWriter.ToYaml(package.Spec), new([], null), package.Parameters,
            package.Hidden)));

        Assert.Contains("found columns that are not its 1 inputs", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_WritesTheFile_AndKeepsOneThatExists()
    {
        string package = Save(Model(Lstm, Columns)), file = _directory.File("shops.onnx");

        Assert.Equal(0, await _console.RunAsync("export", package, "--format", "onnx", "--to", file));
        Assert.Equal(ExitCode.Failed, await _console.RunAsync("export", package, "--format", "onnx", "--to", file));
        Assert.Equal(ExitCode.Usage, await _console.RunAsync("export", package, "--format", "onnx", "--to", _directory.Path));

        Assert.Equal(
            OnnxModel.Of(ModelPackage.Load(package, SpecLoader.Reader)).ToByteArray(),
            await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        Assert.Contains($"wrote {file}\n  input  values double [time, batch, 2]: sales, price", _console.Output, StringComparison.Ordinal);
        Assert.Contains("\n  output forecasts double [time, batch, 1]: sales +3", _console.Output, StringComparison.Ordinal);
        Assert.Contains("shops.onnx: found an existing file, expected none", _console.Error, StringComparison.Ordinal);
        Assert.Contains("--to: found the directory ", _console.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFiles(_directory.Path), path => path.Contains(".onnx.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Package_IsExportedAgain_FromItsDirectory()
    {
        string package = Save(Model(Lstm, Columns)), copy = _directory.File("copy");

        Assert.Equal(0, await _console.RunAsync("export", package, "--to", copy));

        Assert.Equal(
            Directory.GetFiles(package).Order(StringComparer.Ordinal).Select(File.ReadAllText),
            Directory.GetFiles(copy).Order(StringComparer.Ordinal).Select(File.ReadAllText));
    }

    public void Dispose()
    {
        _console.Dispose();
        _directory.Dispose();
    }

    private ModelPackage Model(string model, string data, bool gaps = false) =>
        new Panel(_directory.Path, 2, 40) { HasGaps = gaps }.Model(model, data);

    private string Save(ModelPackage package)
    {
        string directory = Directory.CreateDirectory(_directory.File("package")).FullName;
        foreach (var (file, write) in package.Files)
        {
            using var stream = File.Create(Path.Combine(directory, file));
            write(stream);
        }

        return directory;
    }

    private sealed record OwnCell : CellSpec
    {
        public override string Word => "custom/own";

        public override string About => "a cell of a program's own";

        public override int Gates => 1;
    }
}
