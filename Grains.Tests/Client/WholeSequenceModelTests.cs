using System.Globalization;
using System.Runtime.InteropServices;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Export.Onnx;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Training.Models;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.Steps;
using NpyWriter = Orleans.Tbptt.Tests.Support.NpyWriter;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>What is done with a trained model that takes whole sequences.</summary>
public sealed class WholeSequenceModelTests : ModelCommandTest
{
    /// <summary>Longer than the chunks in which other models' sequences are cut.</summary>
    private const int Sequences = 3, Steps = 600, Features = 2;

    [Fact]
    public async Task Outputs_AreThoseOfWholeSequences()
    {
        var model = Trained();
        string package = Models.Save(model), outputs = Models.File("outputs.csv");

        await RunAsync("predict", package, "--input", Models.File("x.npy"), "--output", outputs);

        float[] expected = [.. Enumerable.Range(0, Sequences).SelectMany(sequence => Outputs(model, sequence, Steps))];
        float[] found = [.. File.ReadLines(outputs).Skip(1)
            .Select(line => float.Parse(line.Split(',')[2], CultureInfo.InvariantCulture))];
        Assert.Equal(MemoryMarshal.Cast<float, int>(expected).ToArray(), MemoryMarshal.Cast<float, int>(found).ToArray());
    }

    /// <summary>Of unlike lengths the other direction begins at each sequence's own end.</summary>
    [Fact]
    public async Task Evaluation_IsOfWholeSequences()
    {
        var model = Trained();
        string package = Models.Save(model);
        long[] lengths = [600, 290, 413];
        NpyWriter.Write(Models.File("lengths.npy"), lengths, Sequences);

        await RunAsync(
            "evaluate", package, "--input", string.Join(',', ((string[])["x.npy", "y.npy", "lengths.npy"]).Select(Models.File)));

        float[] targets = Values(Sequences * Steps, 5);
        double sum = 0;
        for (int sequence = 0; sequence < Sequences; sequence++)
        {
            sum += Outputs(model, sequence, (int)lengths[sequence])
                .Select((output, t) => Math.Pow((double)output - targets[(sequence * Steps) + t], 2)).Sum();
        }

        string line = Shell.Output.Split('\n').Single(one => one.StartsWith("loss ", StringComparison.Ordinal));
        double found = double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

        // It is printed with few digits.
        Assert.Equal(sum / lengths.Sum(), found, 1e-3 * found);
    }

    [Theory]
    [InlineData("--from-state: found end with a model that takes whole sequences, expected zero", "--from-state", "end")]
    [InlineData("--state-out: found s with a model that takes whole sequences, expected none", "--state-out", "s")]
    public async Task States_AreRefused(string expected, params string[] options)
    {
        string package = Models.Save(Trained());

        Assert.Equal(ExitCode.Usage, await Shell.RunAsync(["predict", package, "--input", Models.File("x.npy"), .. options]));

        Assert.Contains(expected, Shell.Error, StringComparison.Ordinal);
    }

    /// <summary>ONNX Runtime's sums have another order: the tolerance is that of <see cref="Export.OnnxRuntimeTests"/>.</summary>
    [Theory]
    [InlineData("lstm")]
    [InlineData("gru")]
    [InlineData("{name: gru, resetAfter: false}")]
    [InlineData("{name: rnn, nonlinearity: relu}")]
    public void Graph_GivesTheOutputsOfSequencesOfUnlikeLengths(string cell)
    {
        var model = Trained(cell);
        int[] lengths = [600, 290, 413];
        float[] inputs = Values(Sequences * Steps * Features, 3);
        float[] byTime =
        [
            .. Enumerable.Range(0, Steps * Sequences)
                .SelectMany(at => inputs.Skip((((at % Sequences) * Steps) + (at / Sequences)) * Features).Take(Features)),
        ];

        var graph = OnnxModel.Of(model);
        using var session = new Export.OnnxSession(graph);
        float[] found = session.Run<float>(
            ("values", byTime, [Steps, Sequences, Features]), ("lengths", lengths, [Sequences]));

        Assert.Single(graph.Graph.Output);
        for (int sequence = 0; sequence < Sequences; sequence++)
        {
            float[] expected = Outputs(model, sequence, lengths[sequence]);
            for (int t = 0; t < lengths[sequence]; t++)
                Assert.Equal(expected[t], found[(t * Sequences) + sequence], 1e-5);
        }

        Assert.Contains("--from-state: found end", Assert.Throws<ClientException>(() => OnnxModel.Of(model, fromEnd: true)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Package_SaysThatItIsBidirectional_AndIsWhatAnotherRunBeginsWith()
    {
        var model = Trained();
        string package = Models.Save(model);
        var loaded = ModelPackage.Load(package, SpecLoader.Reader);
        Assert.True(loaded.Config.Bidirectional);
        Assert.Contains(
            "lstm with 2 bidirectional layers of 4 units", File.ReadAllText(Path.Combine(package, "README.md")), StringComparison.Ordinal);

        using var begun = PreparedRun.Prepare(Spec($", initFrom: '{package}'"), reader: SpecLoader.Reader);
        Assert.Equal(model.Parameters.ToArray(), InitialParameters.Of(begun.Spec, ParameterLayout.Of(begun.Spec.Model)));

        var other = Assert.Throws<SpecException>(
            () => PreparedRun.Prepare(Spec($", initFrom: '{package}'", bidirectional: false), reader: SpecLoader.Reader));
        Assert.Contains(other.Problems, one => one is { Key: "model.bidirectional", Found: "false" });
        string weights = Path.Combine(package, ModelPackage.WeightsFile);
        var bare = Assert.Throws<SpecException>(() => PreparedRun.Prepare(Spec($", initFrom: '{weights}'", bidirectional: false)));
        Assert.Contains(bare.Problems, one => one.Remedy.StartsWith("write model.bidirectional: true", StringComparison.Ordinal));
    }

    /// <summary>A whole sequence alone, in one piece.</summary>
    private float[] Outputs(ModelPackage model, int sequence, int steps)
    {
        using var replica = new FusedReplica(model.Spec.Model, model.Spec.Train.Loss);
        replica.LoadParameters(model.Parameters.Span);
        using var data = Forecasting.OpenArray(model.Spec, model.Config.Contents, Models.File("x.npy"));
        var batch = new ChunkBatch(data.Shape);
        batch.LoadOne(data.Sequences, new(sequence, 0, steps, Reset: true));
        float[] hidden = new float[replica.Layout.HiddenPerLane], outputs = new float[steps];
        replica.Forward(batch, hidden, new float[hidden.Length], outputs);
        return outputs;
    }

    private static float[] Values(int count, int factor) =>
        [.. Enumerable.Range(0, count).Select(i => ((i * 37 * factor % 101) - 50) / 64f)];

    private ModelPackage Trained(string cell = "lstm")
    {
        NpyWriter.Write(Models.File("x.npy"), Values(Sequences * Steps * Features, 3), Sequences, Steps, Features);
        NpyWriter.Write(Models.File("y.npy"), Values(Sequences * Steps, 5), Sequences, Steps, 1);
        using var prepared = PreparedRun.Prepare(Spec("", cell: cell));
        return TrainedModels.Train(prepared);
    }

    private RunSpec Spec(string keys, bool bidirectional = true, string cell = "lstm") => SpecLoader.Parse(
        $$"""
        name: labels
        model: {cell: {{cell}}, hiddenSize: 4, layers: 2{{(bidirectional ? ", bidirectional: true" : "")}}{{keys}} }
        data: { source: "npy:{{Models.File("x.npy")}},{{Models.File("y.npy")}}", batchSize: 2 }
        tbptt: {chunkLength: 4, backprop: full}
        train: {epochs: 1, loss: mse, optimizer: {name: adam, lr: 0.01} }
        """, "labels.yaml", "/").Spec!;
}
