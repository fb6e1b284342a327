using Microsoft.Extensions.Configuration;
using Orleans.Tbptt.Cluster.Membership;

namespace Orleans.Tbptt.Client.Connecting;

/// <summary>The cluster that a command line selects.</summary>
/// <param name="Runs">The run store.</param>
/// <param name="IsNamed">Whether <c>--cluster</c> was given.</param>
/// <param name="Connection">The value of <c>--cluster</c>; null where it had none and the configuration decides.</param>
/// <param name="ClusterId">The value of <c>--cluster-id</c>; null where it was not given.</param>
internal sealed record ClusterSelection(string Runs, bool IsNamed = false, string? Connection = null, string? ClusterId = null)
{
    private const string DefaultRuns = "./runs";

    /// <summary>The options that select the same cluster in another command line, with a leading space; empty for the defaults.</summary>
    public string Options
    {
        get
        {
            string runs = Runs == DefaultRuns ? "" : $" --runs {Shell(Runs)}";
            if (!IsNamed)
                return runs;
            // The typed value may hold a password, and printed commands end up in logs.
            string connection = Connection is null ? ""
                : Connection.Contains("password", StringComparison.OrdinalIgnoreCase) ? " CONNECTION"
                : $" {Shell(Connection)}";
            return $"{(Connection is null ? runs : "")} " +
                $"--cluster{connection}{(ClusterId is null ? "" : $" --cluster-id {Shell(ClusterId)}")}";
        }
    }

    /// <summary>The cluster that <c>--cluster</c> names.</summary>
    /// <param name="configuration">The defaults: the keys of <see cref="ClusteringSettings"/>.</param>
    /// <exception cref="ClientException">A setting is wrong; the message names it and what was expected.</exception>
    public ClusterAddress Resolve(IConfiguration configuration)
    {
        var said = new Dictionary<string, string?>();
        if (Connection is not null && ClusterAddress.TryParse(Connection, out var provider, out string store))
            (said[ClusteringSettings.ProviderKey], said[ClusteringSettings.ConnectionKey]) = ($"{provider}", store);
        if (ClusterId is not null)
            said[ClusteringSettings.ClusterIdKey] = ClusterId;
        var settings = ClientException.OrThrow(() => ClusteringSettings.Read(
            new ConfigurationBuilder().AddConfiguration(configuration).AddInMemoryCollection(said).Build(),
            ClusterAddress.StandingOf(Runs).Connection));
        return new(settings.Provider, settings.Connection, settings.ClusterId);
    }

    private static string Shell(string word) =>
        word.All(character => char.IsAsciiLetterOrDigit(character) || "/._-:,=@".Contains(character, StringComparison.Ordinal)) ? word
            : $"'{word}'";
}
