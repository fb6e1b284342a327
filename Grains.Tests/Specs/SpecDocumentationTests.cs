using System.Text.Json.Nodes;
using Orleans.Tbptt.Specs.Describing;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using static Orleans.Tbptt.Tests.Specs.SpecFixture;

namespace Orleans.Tbptt.Tests.Specs;

/// <summary>Page and schema of the run spec are what the declarations say.</summary>
public class SpecDocumentationTests
{
    private const string Begin = "<!-- The keys: generated from their declarations. -->\n";
    private const string End = "<!-- End of the keys. -->\n";

    [Fact]
    public void Page_HasTheTableOfTheDeclarations()
    {
        string page = File.ReadAllText(SourceTree.Of("docs", "run-spec.md"));
        int begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, end = page.IndexOf(End, StringComparison.Ordinal);
        Assert.InRange(begin, Begin.Length, end);

        GeneratedFile.AssertIs("docs/run-spec.md", $"{page[..begin]}{SpecDocumentation.Table(SpecLoader.Choices)}{page[end..]}");
    }

    [Fact]
    public void Schema_IsThatOfTheDeclarations() =>
        GeneratedFile.AssertIs("docs/run-spec.schema.json", SpecDocumentation.Schema(SpecLoader.Choices));

    /// <summary>
    /// A key of a choice is in the schema, with its range; a required one is required; a word alone is allowed where none is.
    /// </summary>
    [Fact]
    public void Schema_KnowsTheKeysOfEveryChoice()
    {
        JsonNode train = JsonNode.Parse(SpecDocumentation.Schema(SpecLoader.Choices))!["properties"]!["train"]!;
        JsonNode schedule = train["properties"]!["schedule"]!;
        JsonNode cosine = schedule["anyOf"]!.AsArray()
            .Single(one => one!["properties"]?["name"]?["const"]?.GetValue<string>() == "cosine")!;

        Assert.Equal(["epochs", "loss", "optimizer"], train["required"]!.AsArray().Select(key => key!.GetValue<string>()));
        Assert.Equal(["constant", "reduceOnPlateau"], schedule["anyOf"]![0]!["enum"]!.AsArray().Select(word => word!.GetValue<string>()));
        Assert.Equal(["name", "steps"], cosine["required"]!.AsArray().Select(key => key!.GetValue<string>()));
        Assert.Equal(1, cosine["properties"]!["steps"]!["minimum"]!.GetValue<double>());
        Assert.False(cosine["additionalProperties"]!.GetValue<bool>());
    }

    /// <summary>
    /// A section for each choice and a word alone where no key is required; where the choices have no declarations, the word only.
    /// </summary>
    [Theory]
    [InlineData("engine", null, "{name: fused}", "fused")]
    [InlineData("model", "cell", "{name: gru}", "gru")]
    [InlineData("train", "loss", "{name: mse}", "mse")]
    [InlineData("train", "wire", null, "float32")]
    public void Schema_AllowsTheFormsOfAChoice_ThatTheReaderReads(string key, string? below, string? section, string word)
    {
        JsonNode value = JsonNode.Parse(SpecDocumentation.Schema(SpecLoader.Choices))!["properties"]![key]!;
        value = below is null ? value : value["properties"]![below]!;
        JsonNode words = section is null ? value : value["anyOf"]![0]!;
        var names = value["anyOf"]?.AsArray().Skip(1).Select(one => one!["properties"]!["name"]!["const"]!.GetValue<string>());

        Assert.Contains(word, words["enum"]!.AsArray().Select(one => one!.GetValue<string>()));
        Assert.Equal(section is not null, names?.Contains(word) ?? false);
        string path = below is null ? key : $"{key}.{below}";
        var spec = Sound(Sine, $"{path}={word}");
        if (section is not null)
            Assert.Equal(spec, Sound(Sine, $"{path}={section}"));
        else
            Assert.NotEmpty(Read(Sine, $"{path}={{name: {word}}}").Problems);
    }
}
