using Orleans.Tbptt.Cluster.Wording;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Orleans.Tbptt.Silo.Web.Listing;

/// <summary>A spec as a list of keys and values.</summary>
internal static class SpecKeys
{
    /// <summary>The key that stands for a file that is not YAML.</summary>
    public const string EntireFile = "(the entire file)";

    /// <summary>Every key by its path, such as <c>train.optimizer.lr</c>, with its value as text, in the file's order.</summary>
    /// <param name="text">The spec's text.</param>
    public static IReadOnlyDictionary<string, string> Of(string text)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException exception)
        {
            return new Dictionary<string, string> { [EntireFile] = $"not YAML: {Text.OneLine(exception.Message)}" };
        }

        var keys = new Dictionary<string, string>();
        foreach (var document in stream.Documents)
            Add(document.RootNode, "", keys);
        return keys;
    }

    private static void Add(YamlNode node, string path, Dictionary<string, string> keys)
    {
        if (node is YamlMappingNode map)
        {
            foreach (var (key, value) in map)
                Add(value, path.Length == 0 ? key.ToString() : $"{path}.{key}", keys);
        }
        else
        {
            keys[path] = node is YamlSequenceNode list ? $"[{string.Join(", ", list)}]" : node.ToString();
        }
    }
}
