using Json.Schema;
using Orleans.Tbptt.Specs.Describing;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Specs;

/// <summary>The schema as editors read it: it accepts what the reader accepts, and refuses the mistakes that it can express.</summary>
public sealed class SpecSchemaTests
{
    private static readonly JsonSchema Schema = JsonSchema.FromText(SpecDocumentation.Schema(SpecLoader.Choices));

    public static TheoryData<string> Examples => YamlFiles.Examples(areSweeps: false);

    [Theory]
    [MemberData(nameof(Examples))]
    public void Examples_AreValid_AndNameTheSchema(string example)
    {
        Assert.True(IsValid(File.ReadAllText(SourceTree.Of(example))));
        Assert.Equal(SourceTree.Of("docs", "run-spec.schema.json"), YamlFiles.SchemaOf(SourceTree.Of(example)));
    }

    [Theory]
    [InlineData("epochs: 5", "epochs: five")]
    [InlineData("epochs: 5", "epochs: 0")]
    [InlineData("epochs: 5", "epoch: 5")]
    [InlineData("loss: mse", "loss: mape")]
    [InlineData("cell: lstm", "cell: {name: lstm, size: 1}")]
    [InlineData("source: average", "source: sql:wave")]
    [InlineData("{name: adam, lr: 1e-3}", "{name: adam}")]
    [InlineData("{name: adam, lr: 1e-3}", "{name: adam, lr: 1e-3, momentum: 0.9}")]
    [InlineData("{name: adam, lr: 1e-3}", "adam")]
    [InlineData("{name: adam, lr: 1e-3}", "{name: adam, lr: 1e-3, betas: [0.9]}")]
    [InlineData("seed: 1", "device: gpu")]
    public void Mistakes_AreRefused_ByTheSchemaAndTheReader(string sound, string mistake)
    {
        string text = File.ReadAllText(SourceTree.Of("examples", "average.yaml"));
        Assert.Contains(sound, text, StringComparison.Ordinal);
        string wrong = text.Replace(sound, mistake, StringComparison.Ordinal);

        Assert.False(IsValid(wrong));
        Assert.NotEmpty(SpecFixture.Read(wrong).Problems);
    }

    private static bool IsValid(string yaml) => YamlFiles.IsValid(Schema, yaml);
}
