using System.Text.Json.Nodes;
using Json.Schema;
using Orleans.Tbptt.Specs.Describing;
using Orleans.Tbptt.Sweeps;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Abstractions.Sweeps;

/// <summary>The schema of sweeps: the keys of the reader; it accepts what the reader accepts, and refuses what it can express.</summary>
public sealed class SweepSchemaTests
{
    private const string Sound = """
        name: search
        seed: 1
        spec: base.yaml
        parameters:
          train.optimizer.lr: {logUniform: [1e-4, 1e-2], points: 3}
          model.hiddenSize: [16, 32]
          train.clipNorm: {uniform: [0.1, 2], points: 2}
          data.batchSize: {int: [1, 4]}
          train.schedule: {choice: [constant, {name: step, every: 20, gamma: 0.5}]}
        strategy: grid
        halving: {first: 1, factor: 2}
        objective: {metric: training loss, take: best}
        parallel: 2
        """;

    private static readonly string Text = SweepDocumentation.Schema(SpecLoader.Choices);
    private static readonly JsonSchema Schema = JsonSchema.FromText(Text);
    private static readonly JsonNode Json = JsonNode.Parse(Text)!;

    public static TheoryData<string> Examples => YamlFiles.Examples(areSweeps: true);

    [Fact]
    public void File_IsThatOfTheDeclarations() => GeneratedFile.AssertIs("docs/sweep.schema.json", Text);

    [Theory]
    [MemberData(nameof(Examples))]
    public void Examples_AreValid_AndNameTheSchema(string example)
    {
        Assert.True(YamlFiles.IsValid(Schema, File.ReadAllText(SourceTree.Of(example))));
        Assert.Empty(new SweepReader(SpecLoader.Reader).Load(SourceTree.Of(example), []).Problems);
        Assert.Equal(SourceTree.Of("docs", "sweep.schema.json"), YamlFiles.SchemaOf(SourceTree.Of(example)));
    }

    /// <summary>What the reader expects in the place of a key that it does not know is what the schema allows there.</summary>
    [Theory]
    [InlineData("parallel: 2", "parallel: 2\nqqqqqq: 1", "qqqqqq", "properties")]
    [InlineData("first: 1", "first: 1, qqqqqq: 1", "halving.qqqqqq", "properties.halving.properties")]
    [InlineData("take: best", "take: best, qqqqqq: 1", "objective.qqqqqq", "properties.objective.properties")]
    [InlineData("strategy: grid", "strategy: {name: grid, qqqqqq: 1}", "strategy.qqqqqq", "properties.strategy.anyOf.1.properties")]
    [InlineData("strategy: grid", "strategy: {name: random, qqqqqq: 1}", "strategy.qqqqqq", "properties.strategy.anyOf.2.properties")]
    [InlineData("strategy: grid", "strategy: {name: tpe, qqqqqq: 1}", "strategy.qqqqqq", "properties.strategy.anyOf.3.properties")]
    public void Keys_AreThoseOfTheReader(string sound, string unknown, string key, string place)
    {
        var problem = Assert.Single(Read(Sound.Replace(sound, unknown, StringComparison.Ordinal)).Problems, one => one.Key == key);
        var allowed = place.Split('.').Aggregate(Json, (node, part) => int.TryParse(part, out int i) ? node[i]! : node[part]!).AsObject();

        string[] expected = problem.Expected.Replace(" or ", ", ", StringComparison.Ordinal).Split(", ");
        Assert.Equal(expected.Order(), allowed.Select(one => one.Key).Order());
    }

    /// <summary>Each form of values that the reader expects stands in the schema once.</summary>
    [Fact]
    public void FormsOfValues_AreThoseOfTheReader()
    {
        string text = Sound.Replace("{logUniform: [1e-4, 1e-2], points: 3}", "{qqqqqq: [1, 2]}", StringComparison.Ordinal);
        var problem = Assert.Single(Read(text).Problems, one => one.Key.EndsWith("qqqqqq", StringComparison.Ordinal));
        var forms = Json["definitions"]!["parameter"]!["anyOf"]!.AsArray().Skip(1).Select(form => form!["properties"]!.AsObject());

        string[] expected = problem.Expected.Replace(" or ", ", ", StringComparison.Ordinal).Split(", ");
        Assert.Equal(expected.Order(), forms.SelectMany(form => form.Select(one => one.Key)).Distinct().Order());
    }

    /// <summary>The spec in a sweep is what the schema of specs allows, and those of its keys that may vary are parameters.</summary>
    [Fact]
    public void Spec_IsThatOfRunSpecs_AndItsKeysAreParameters()
    {
        var spec = JsonNode.Parse(SpecDocumentation.Schema(SpecLoader.Choices))!.AsObject();
        spec.Remove("$schema");
        spec.Remove("title");
        Assert.True(JsonNode.DeepEquals(spec, Json["definitions"]!["spec"]));

        string[] parameters = [.. Json["properties"]!["parameters"]!["properties"]!.AsObject().Select(one => one.Key)];
        Assert.Superset(
            new HashSet<string> { "seed", "model.hiddenSize", "train.optimizer", "train.optimizer.lr", "train.schedule.gamma" },
            parameters.ToHashSet());
        Assert.DoesNotContain(parameters, key => key is "train.epochs" or "name" || key.StartsWith("limits", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("name: search", "name: search")]
    [InlineData("[16, 32]", "[~, 16]")]
    [InlineData("strategy: grid", "strategy: {name: tpe, trials: 30, startup: 5, candidates: 12}")]
    [InlineData("halving: {first: 1, factor: 2}\n", "")]
    public void SoundForms_AreAccepted(string one, string other) =>
        Assert.True(YamlFiles.IsValid(Schema, Sound.Replace(one, other, StringComparison.Ordinal)));

    [Fact]
    public void SoundForms_AreReadAsWell() => Assert.Empty(Read(Sound).Problems);

    [Theory]
    [InlineData("strategy: grid", "strategy: bayes")]
    [InlineData("strategy: grid\n", "")]
    [InlineData("strategy: grid", "strategy: {name: grid, trials: 3}")]
    [InlineData("spec: base.yaml\n", "")]
    [InlineData("spec: base.yaml", "spec: [base.yaml]")]
    [InlineData("logUniform: [1e-4, 1e-2]", "logUniform: [0, 1e-2]")]
    [InlineData("logUniform: [1e-4, 1e-2]", "logUniform: [1e-2]")]
    [InlineData("logUniform: [1e-4, 1e-2]", "logUniform: [1e-4, 1e-2], uniform: [1, 2]")]
    [InlineData("points: 3", "points: 1")]
    [InlineData("points: 3", "pionts: 3")]
    [InlineData("[16, 32]", "[]")]
    [InlineData("[16, 32]", "16")]
    [InlineData("int: [1, 4]", "int: [1, 4.5]")]
    [InlineData("train.clipNorm: {uniform: [0.1, 2], points: 2}", "train.epochs: [1, 2]")]
    [InlineData("train.clipNorm: {uniform: [0.1, 2], points: 2}", "limits.steps: [1, 2]")]
    [InlineData("factor: 2", "factor: 1")]
    [InlineData("take: best", "take: worst")]
    [InlineData("parallel: 2", "parallel: 0")]
    [InlineData("parallel: 2", "parallels: 2")]
    public void Mistakes_AreRefused_ByTheSchemaAndTheReader(string sound, string mistake)
    {
        Assert.Contains(sound, Sound, StringComparison.Ordinal);
        string wrong = Sound.Replace(sound, mistake, StringComparison.Ordinal);

        Assert.False(YamlFiles.IsValid(Schema, wrong));
        Assert.NotEmpty(Read(wrong).Problems);
    }

    private static SweepDocument Read(string text) =>
        new SweepReader(SpecLoader.Reader).Parse(new(new(text, "s.yaml", "/"), TestSpecs.Average().Written()));
}
