using Orleans.Tbptt.Tests.Support;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using Map = System.Collections.Generic.Dictionary<object, object?>;

namespace Orleans.Tbptt.Tests.Deploy;

/// <summary>The tree's <c>docker-compose.yml</c>, anchors and merges resolved.</summary>
internal sealed class ComposeFile
{
    private readonly Map _file;

    /// <summary>Reads it.</summary>
    public ComposeFile()
    {
        using var reader = new StreamReader(SourceTree.Of("docker-compose.yml"));
        _file = new DeserializerBuilder().Build().Deserialize<Map>(new MergingParser(new Parser(reader)));
        Services = Section("services")
            .ToDictionary(service => (string)service.Key, service => new ComposeService((string)service.Key, (Map)service.Value!));
    }

    /// <summary>The services by name.</summary>
    public IReadOnlyDictionary<string, ComposeService> Services { get; }

    /// <summary>The names of the volumes.</summary>
    public IReadOnlyList<string> Volumes => [.. Section("volumes").Keys.Cast<string>()];

    private Map Section(string name) => (Map)_file[name]!;
}

/// <summary>A service of a compose file.</summary>
/// <param name="name">Its name.</param>
/// <param name="keys">What the file says of it.</param>
internal sealed class ComposeService(string name, Map keys)
{
    /// <summary>The image's name.</summary>
    public string Image => (string)keys["image"]!;

    /// <summary>How the image is built; null for one that is pulled.</summary>
    public Map? Build => keys.GetValueOrDefault("build") as Map;

    /// <summary>The published ports, <c>address:port:port</c>.</summary>
    public IReadOnlyList<string> Ports => List("ports");

    /// <summary>What is mounted, <c>source:target[:ro]</c>.</summary>
    public IReadOnlyList<string> Mounts => List("volumes");

    /// <summary>The environment variables.</summary>
    public Map Environment => keys.GetValueOrDefault("environment") as Map ?? [];

    /// <summary>The value of a key; null where it is not there.</summary>
    public object? this[string key] => keys.GetValueOrDefault(key);

    /// <inheritdoc/>
    public override string ToString() => name;

    private string[] List(string key) => keys.GetValueOrDefault(key) is List<object> list ? [.. list.Cast<string>()] : [];
}
