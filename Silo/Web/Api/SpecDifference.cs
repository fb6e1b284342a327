using Orleans.Tbptt.Cluster.Wording;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>A key with different values in two specs; null where a spec lacks it.</summary>
/// <param name="Key">The key's path: <c>train.optimizer.lr</c>.</param>
/// <param name="A">The first spec's value.</param>
/// <param name="B">The second spec's value.</param>
internal sealed record SpecDifference(string Key, string? A, string? B)
{
    /// <summary>Every key in which two specs differ, in their order.</summary>
    /// <param name="a">The text of the first.</param>
    /// <param name="b">The text of the second.</param>
    public static IReadOnlyList<SpecDifference> Between(string a, string b)
    {
        var (first, second) = (Flat(a), Flat(b));
        return [.. first.Keys.Concat(second.Keys.Except(first.Keys))
            .Select(key => new SpecDifference(key, first.GetValueOrDefault(key), second.GetValueOrDefault(key)))
            .Where(one => one.A != one.B)];
    }

    private static Dictionary<string, string> Flat(string text)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException exception)
        {
            return new() { ["(the entire file)"] = $"not YAML: {Text.OneLine(exception.Message)}" };
        }

        var flat = new Dictionary<string, string>();
        foreach (var document in stream.Documents)
            Add(document.RootNode, "", flat);
        return flat;
    }

    private static void Add(YamlNode node, string path, Dictionary<string, string> flat)
    {
        if (node is YamlMappingNode map)
        {
            foreach (var (key, value) in map)
                Add(value, path.Length == 0 ? key.ToString() : $"{path}.{key}", flat);
        }
        else
        {
            flat[path] = node is YamlSequenceNode list ? $"[{string.Join(", ", list)}]" : node.ToString();
        }
    }
}
