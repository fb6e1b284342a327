using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>Specs and sweeps as an editor's language server sees them.</summary>
internal static class YamlFiles
{
    private const string Comment = "# yaml-language-server: $schema=";

    /// <summary>The examples, relative to the source tree.</summary>
    /// <param name="areSweeps">Whether those that are sweeps are meant, or those that are specs.</param>
    public static TheoryData<string> Examples(bool areSweeps) =>
        [.. Directory.EnumerateFiles(SourceTree.Of("examples"), "*.yaml", SearchOption.AllDirectories)
            .Where(file => file.EndsWith("-sweep.yaml", StringComparison.Ordinal) == areSweeps)
            .Select(file => Path.GetRelativePath(SourceTree.Root, file))];

    /// <summary>The path of the schema that a file names in its first line.</summary>
    public static string SchemaOf(string path)
    {
        string first = File.ReadLines(path).First();
        Assert.StartsWith(Comment, first, StringComparison.Ordinal);
        return Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, first[Comment.Length..]));
    }

    /// <summary>Whether a text is what a schema allows.</summary>
    public static bool IsValid(JsonSchema schema, string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return schema.Evaluate(JsonSerializer.SerializeToElement(Json(stream.Documents[0].RootNode))).IsValid;
    }

    /// <summary>Numbers, words and texts by the core schema.</summary>
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
