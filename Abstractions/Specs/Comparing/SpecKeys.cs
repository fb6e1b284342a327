using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Orleans.Tbptt.Specs.Comparing;

/// <summary>A spec as a list of keys and values.</summary>
public static class SpecKeys
{
    /// <summary>The key that stands for a file that is not YAML.</summary>
    public const string EntireFile = "(the entire file)";

    /// <summary>Every key by its path, such as <c>train.optimizer.lr</c>, with its value as text, in the file's order.</summary>
    /// <param name="text">The spec's text.</param>
    public static IReadOnlyDictionary<string, string> Of(string text) => Read(text, node =>
        node is YamlSequenceNode list ? $"[{string.Join(", ", list)}]" : node.ToString(), error => $"not YAML: {Show.Clean(error, 400)}");

    /// <summary>The line of each of these keys, from 1.</summary>
    /// <param name="text">The spec's text.</param>
    public static IReadOnlyDictionary<string, int> Lines(string text) => Read(text, node => (int)node.Start.Line, _ => 1);

    private static Dictionary<string, T> Read<T>(string text, Func<YamlNode, T> read, Func<string, T> fail)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException exception)
        {
            return new() { [EntireFile] = fail(exception.Message) };
        }

        var keys = new Dictionary<string, T>();
        foreach (var document in stream.Documents)
            Add(document.RootNode, "", keys, read);
        return keys;
    }

    private static void Add<T>(YamlNode node, string path, Dictionary<string, T> keys, Func<YamlNode, T> read)
    {
        if (node is not YamlMappingNode map)
        {
            keys[path] = read(node);
            return;
        }

        foreach (var (key, value) in map)
            Add(value, path.Length == 0 ? key.ToString() : $"{path}.{key}", keys, read);
    }
}
