using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Tests.Data;

public sealed class SpecResolverTests : IDisposable
{
    private static readonly DataShape Values = new(3, 0, 5, 0);
    private static readonly DataShape Tokens = new(0, 17, 0, 12);

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Sizes_AreFilledIn_FromValues()
    {
        ModelSpec model = Resolved(new() { Cell = new LstmCell(), HiddenSize = 4 }, Values, new SquaredError());
        Assert.Equal((3, 5, null), (model.InputSize, model.OutputSize, model.Embedding));
    }

    [Fact]
    public void Sizes_AreFilledIn_FromTokensAndClasses()
    {
        ModelSpec model =
            Resolved(new() { Cell = new LstmCell(), HiddenSize = 4, Embedding = new() { Size = 6 } }, Tokens, new CrossEntropy());
        Assert.Equal((6, 12, 17), (model.InputSize, model.OutputSize, model.Embedding!.Vocabulary));
    }

    [Fact]
    public void Sizes_AreKept_WhenTheDataFitThem()
    {
        ModelSpec given = new() { Cell = new LstmCell(), HiddenSize = 4, InputSize = 6, OutputSize = 20,
            Embedding = new() { Size = 6, Vocabulary = 32 } };
        Assert.Equal(given, Resolved(given, Tokens, new CrossEntropy()));
    }

    [Fact]
    public void Spec_IsRefused_WithEverySizeThatDoesNotFit()
    {
        Assert.Equal(
            [
                "model.inputSize: found 2, expected 3, the width of the inputs; correct it, or leave it out",
                "model.outputSize: found 4, expected 5, the width of the targets; correct it, or leave it out",
                "train.loss: found cross_entropy with source average, expected mse, mae, huber, quantile, gaussian, student_t, "
                    + "negative_binomial, binary_cross_entropy or esr, because the targets are values; choose one of them",
            ],
            Problems(new() { Cell = new LstmCell(), HiddenSize = 4, InputSize = 2, OutputSize = 4 }, Values, new CrossEntropy()));
        Assert.Equal(
            [
                "model.embedding.vocabulary: found 16, expected at least 17, the largest token of the inputs + 1; raise it, or " +
                "leave it out",
                "model.inputSize: found 5, expected 6, the size of the embedding; correct it, or leave it out",
                "model.outputSize: found 11, expected at least 12, the largest class of the targets + 1; raise it, or leave it out",
                "train.loss: found mse with source average, expected cross_entropy, because the targets are classes; write cross_entropy",
            ],
            Problems(new() { Cell = new LstmCell(), HiddenSize = 4, InputSize = 5, OutputSize = 11,
                Embedding = new() { Size = 6, Vocabulary = 16 } }, Tokens, new SquaredError()));
    }

    [Fact]
    public void Embedding_IsAskedForByTokens_AndRefusedByValues()
    {
        Assert.StartsWith("model.embedding: found nothing, expected an embedding",
            Problems(new() { Cell = new LstmCell(), HiddenSize = 4 }, Tokens, new CrossEntropy()).Single(), StringComparison.Ordinal);
        Assert.StartsWith(
            "model.embedding: found an embedding with source average, expected none",
            Problems(new() { Cell = new LstmCell(), HiddenSize = 4, Embedding = new() { Size = 2 } }, Values, new SquaredError()).Single(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void VectorsOfColumns_AreDrawnByAScheme_WithoutAKeyForTheirSizes()
    {
        ModelSpec model = new() { Cell = new LstmCell(), HiddenSize = 4, Init = new() { Embedding = InitScheme.Xavier } };
        DataShape columns = Values with { Categories = [new("shop", 3)] };

        Assert.Equal("shop", Resolved(model, columns, new SquaredError()).Embeddings.Pairs.Single().Key);
    }

    [Fact]
    public void VectorsThatAreNone_AreNamedByEachKey_ThatAsksForThem() => Assert.Equal(
        [
            "model.dropout.embedding: found 0.5 where inputs are values alone, expected tokens, or columns of classes (data.categorical); "
                + "remove it; input drops values",
            "model.init.embedding: found it where inputs are values alone, expected tokens, or columns of classes (data.categorical); "
                + "remove it",
            "model.tieWeights: found true without an embedding of tokens, expected model.embedding, whose weight is the head's; remove it",
        ],
        Problems(
            new()
            {
                Cell = new LstmCell(), HiddenSize = 4, TieWeights = true, Dropout = new() { Embedding = 0.5 },
                Init = new() { Embedding = InitScheme.Small },
            },
            Values, new SquaredError()));

    [Theory]
    [InlineData(8_000, 1)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void Model_IsRefused_BeyondTheLargest(int hidden, int layers) => Assert.EndsWith(
        " parameters, expected a model of 250,000,000 parameters or less; lower hiddenSize, layers or the other sizes",
        Problems(new() { Cell = new LstmCell(), HiddenSize = hidden, Layers = layers }, Values, new SquaredError()).Single(),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("lstm", 1, null)]
    [InlineData("gru", 3, 6)]
    [InlineData("rnn", 2, 1)]
    public void Count_EqualsTheLayoutsLength_ForEveryCell(string cell, int layers, int? embedding)
    {
        ModelSpec model = new()
        {
            Cell = TestChoices.Cell(cell), HiddenSize = 5, Layers = layers, InputSize = embedding ?? 3, OutputSize = 2,
            Embedding = embedding is { } size ? new() { Size = size, Vocabulary = 11 } : null,
        };
        Assert.Equal(ParameterLayout.Of(model).Length, ParameterLayout.Count(model));
    }

    [Fact]
    public void InitFrom_IsComparedWithTheModel_TensorByTensor()
    {
        ModelSpec model = new() { Cell = new LstmCell(), HiddenSize = 4, InputSize = 3, OutputSize = 5 };
        string path = _directory.File("model.safetensors");
        using (FileStream stream = File.Create(path))
        {
            ParameterLayout layout = ParameterLayout.Of(model);
            SafetensorsFile.Write(stream, layout, new float[layout.Length]);
        }

        Assert.Empty(Problems(model with { InitFrom = path }, Values, new SquaredError()));
        Assert.Equal(
            [
                $"model.initFrom: found none of them in {path}, expected tensors 'rnn.weight_ih_l1', 'rnn.weight_hh_l1', 'rnn.bias_ih_l1', "
                + "'rnn.bias_hh_l1'; write model.layers: 1, or use weights of this model",
            ],
            Problems(model with { InitFrom = path, Layers = 2 }, Values, new SquaredError()));
        Assert.Equal(
            [
                $"model.initFrom: found 'rnn.weight_ih_l0' of shape [16, 3] and 3 more of another one in {path}, expected "
                + "'rnn.weight_ih_l0' of shape [12, 3]; write model.cell: lstm, which the file's shapes ask for, or use weights of "
                + "this model",
            ],
            Problems(model with { InitFrom = path, Cell = new GruCell() }, Values, new SquaredError()));
    }

    [Fact]
    public void Prepare_GivesTheSameSpec_WhenPreparedAgain()
    {
        using PreparedRun once = PreparedRun.Prepare(Given.Spec(Given.Synthetic("average")));
        using PreparedRun twice = PreparedRun.Prepare(once.Spec);
        Assert.Equal((10, 5), (once.Spec.Model.InputSize, once.Spec.Model.OutputSize));
        Assert.Equal(once.Spec.Model, twice.Spec.Model);
        Assert.Equal(300, once.Data.Training.Count);
    }

    [Fact]
    public void Prepare_ReportsEveryMistake_OfDataAndWeights()
    {
        ModelSpec model = new() { Cell = new LstmCell(), HiddenSize = 4, InitFrom = _directory.Write("x", "no") };
        var error = Assert.Throws<SpecException>(() => PreparedRun.Prepare(Given.Spec(Given.Csv("/nowhere/x.csv"), model)));
        Assert.Equal(["data.source", "model.initFrom"], error.Problems.Select(problem => problem.Key));
        error = Assert.Throws<SpecException>(() => PreparedRun.Prepare(
            Given.Spec(Given.Synthetic("sine"), model with { OutputSize = 2 }, new CrossEntropy())));
        Assert.Equal(["model.outputSize", "train.loss", "model.initFrom"], error.Problems.Select(problem => problem.Key));
    }

    private static ModelSpec Resolved(ModelSpec model, DataShape shape, LossSpec loss)
    {
        (RunSpec spec, IReadOnlyList<SpecProblem> problems) = Resolve(model, shape, loss);
        Assert.Empty(problems);
        return spec.Model;
    }

    private static string[] Problems(ModelSpec model, DataShape shape, LossSpec loss) =>
        [.. Resolve(model, shape, loss).Problems.Select(problem => problem.ToString())];

    private static (RunSpec Resolved, IReadOnlyList<SpecProblem> Problems) Resolve(ModelSpec model, DataShape shape, LossSpec loss)
    {
        var (resolved, problems, _) =
            SpecResolver.Resolve(
                Given.Spec(Given.Synthetic("average"), model, loss), shape, SourceDescription.None, new(DataRoots.Anywhere));
        return (resolved, problems);
    }
}
