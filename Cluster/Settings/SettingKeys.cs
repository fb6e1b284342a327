using System.Collections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Cluster.Security;
using Orleans.Tbptt.Specs.Reading;

namespace Orleans.Tbptt.Cluster.Settings;

/// <summary>
/// The keys of the section <c>Tbptt</c>. Any other is refused, by silos and the console alike, because they share their sources: a setting
/// that is ignored in silence may join two clusters, or open a silo to others.
/// </summary>
public static class SettingKeys
{
    private const string Section = "Tbptt";

    /// <summary>Every key that some program reads, less the section; <c>:0</c> stands for the items of a list.</summary>
    internal static IReadOnlyList<string> All { get; } =
    [
        "Runs", "Device", "Libtorch", "Slots", "DataRoots:0", "Address", "SiloPort", "GatewayPort", "Name", "LogFile", "LogLevel",
        "LogFormat", "Telemetry", "Web:Http", "Web:Token", "Web:TokenFile", "Mlflow:Uri", "Mlflow:Experiment", "Mlflow:Token",
        "Mlflow:TokenFile", "Serve:Models:0", "Serve:Expiry", "Serve:KeptRows", "Serve:Takeover", "Serve:Flush",
        $"Tls:{nameof(TlsSettings.Certificate)}", $"Tls:{nameof(TlsSettings.Key)}", $"Tls:{nameof(TlsSettings.Authority)}",
    ];

    /// <summary>Keys that were read once, and the keys that are read instead.</summary>
    private static readonly Dictionary<string, string> Replaced = new(StringComparer.OrdinalIgnoreCase)
    {
        ["ClusterId"] = ClusteringSettings.ClusterIdKey,
        ["Membership"] = $"{ClusteringSettings.ProviderKey} (Sqlite) and {ClusteringSettings.ConnectionKey} (the file)",
    };

    /// <summary>Checks that every key of the section is read by a setting.</summary>
    /// <param name="configuration">From <see cref="ClusteringSettings.Sources"/>.</param>
    /// <exception cref="ClusterSettingsException">Some are not; names each, where it stands, and what was expected.</exception>
    public static void Check(IConfiguration configuration)
    {
        string[] unknown = [.. Unknown(configuration.GetSection(Section))];
        if (unknown.Length > 0)
            throw new ClusterSettingsException(string.Join("; ", unknown.Select(key => Explain(configuration, key))));
    }

    private static IEnumerable<string> Unknown(IConfigurationSection section)
    {
        foreach (var child in section.GetChildren())
        {
            string key = Relative(child.Path);
            bool isKey = All.Any(known => Same(known, key) || (known.EndsWith(":0", StringComparison.Ordinal) && IsItem(key, known[..^1])));
            // Empty lists and sections of JSON have an empty value.
            bool isSection = Below(key).Any();
            bool isRead = isKey || (isSection ? string.IsNullOrEmpty(child.Value) : child.Value is null && child.GetChildren().Any());
            foreach (string unknown in isRead ? Unknown(child) : Unknown(child).Prepend(child.Path))
                yield return unknown;
        }
    }

    private static string Explain(IConfiguration configuration, string path)
    {
        string key = Relative(path), found = $"{path}: found an unknown key{Origin(configuration, path)}, expected ";
        if (Replaced.TryGetValue(key, out string? instead))
            return $"{found}{instead}; it is not read any more, write {(instead.Contains(' ') ? "these keys" : "this key")} instead";
        string[] below = [.. Below(key)];
        string? near = below.Length > 0 ? null
            : Nearest.To(key, All) ?? All.FirstOrDefault(known => Nearest.To(key, known.Split(':')) is not null);
        if (near is not null)
            return $"{found}a key that a setting reads; did you mean {Section}:{near}?";
        var expected = below.Length > 0 ? below : All;
        return $"{found}{string.Join(", ", expected.SkipLast(1).Select(known => $"{Section}:{known}"))}"
            + $"{(expected.Count > 1 ? " or " : "")}{Section}:{expected[^1]}; remove it, or correct its spelling";
    }

    /// <summary>Where a key stands, as far as its source says; the last source that has it counts.</summary>
    private static string Origin(IConfiguration configuration, string path) =>
        (configuration as IConfigurationRoot)?.Providers.LastOrDefault(provider => provider.TryGet(path, out _)) switch
        {
            EnvironmentVariablesConfigurationProvider => $" in the environment ({Variable(path)})",
            JsonConfigurationProvider { Source: { Path: { } name } source } => $" in {source.FileProvider?.GetFileInfo(name).PhysicalPath}",
            _ => "",
        };

    private static string Variable(string path) => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Select(variable => (string)variable.Key)
        .FirstOrDefault(name => Same(name.Replace("__", ":", StringComparison.Ordinal), path),
            path.Replace(":", "__", StringComparison.Ordinal));

    private static IEnumerable<string> Below(string key) =>
        All.Where(known => known.StartsWith($"{key}:", StringComparison.OrdinalIgnoreCase));

    private static bool IsItem(string key, string list) =>
        key.StartsWith(list, StringComparison.OrdinalIgnoreCase) && !key.AsSpan(list.Length).Contains(':');

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private static string Relative(string path) => path[(Section.Length + 1)..];
}
