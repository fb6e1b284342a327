using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using Orleans.Tbptt.Specs.Describing;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Orleans.Tbptt.Tests.Specs;

/// <summary>The schema as editors read it: it accepts what the reader accepts, and refuses the mistakes that it can express.</summary>
public sealed class SpecSchemaTests
{
    private const string Comment = "# yaml-language-server: $schema=";

    private static readonly JsonSchema Schema = JsonSchema.FromText(SpecDocumentation.Schema(SpecLoader.Choices));

    /// <summary>Sweeps are read by their own tests.</summary>
    public static TheoryData<string> Examples =>
        [.. Directory.EnumerateFiles(SourceTree.Of("examples"), "*.yaml", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith("-sweep.yaml", StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(SourceTree.Root, file))];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Examples_AreValid_AndNameTheSchema(string example)
    {
        string path = SourceTree.Of(example), text = File.ReadAllText(path);

        Assert.True(IsValid(text));
        Assert.StartsWith(Comment, text, StringComparison.Ordinal);
        string schema = text[Comment.Length..text.IndexOf('\n', StringComparison.Ordinal)];
        Assert.Equal(
            SourceTree.Of("docs", "run-spec.schema.json"), Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, schema)));
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

    private static bool IsValid(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return Schema.Evaluate(JsonSerializer.SerializeToElement(Json(stream.Documents[0].RootNode))).IsValid;
    }

    /// <summary>YAML as an editor's language server sees it: numbers, words and texts by the core schema.</summary>
    private static JsonNode? Json(YamlNode node) => node switch
    {
        YamlMappingNode mapping => new JsonObject(mapping.Children.Select(child => KeyValuePair.Create($"{child.Key}", Json(child.Value)))),
        YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(Json)]),
        YamlScalarNode { Style: not ScalarStyle.Plain } quoted => quoted.Value,
        YamlScalarNode { Value: "true" or "false" } flag => flag.Value == "true",
        YamlScalarNode { Value: { } text } when double.TryParse(text, CultureInfo.InvariantCulture, out double number) => number,
        YamlScalarNode scalar => scalar.Value,
        _ => throw new InvalidOperationException($"{node.NodeType} in a spec"),
    };
}
