using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Orleans.Tbptt.Tests.Support.Servers;

namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>
/// Where a cluster keeps its membership: its silos' options, and what it says of a silo's death.
/// </summary>
/// <param name="name">For messages and reports.</param>
/// <param name="arguments">The options of <c>tbptt-silo</c>.</param>
internal abstract partial class MembershipStore(string name, params IReadOnlyList<string> arguments)
{
    /// <summary>For messages and reports.</summary>
    public string Name { get; } = name;

    /// <summary>The options of <c>tbptt-silo</c>.</summary>
    public IReadOnlyList<string> Arguments { get; } = arguments;

    /// <summary>The file that silos of one machine share.</summary>
    public static MembershipStore Sqlite(string file) => new SqliteFile(file);

    /// <summary>A Redis server of the test's own.</summary>
    public static MembershipStore Redis(RedisServer server) => Redis(new IPEndPoint(IPAddress.Loopback, server.Port));

    /// <summary>A Redis server.</summary>
    /// <param name="server">Its address, as the silos reach it.</param>
    public static MembershipStore Redis(IPEndPoint server) => new RedisHash(server);

    /// <summary>Seconds from a fault to the vote of the others that made the struck silo dead; null when there was none.</summary>
    public async Task<double?> NoticedAfterAsync(Strike strike, ChaosSilo struck)
    {
        var votes = Times().Matches(await VotesAsync(struck.Address))
            .Select(vote => DateTimeOffset.Parse(vote.Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal))
            .Where(vote => vote >= strike.At)
            .ToArray();
        return votes.Length > 0 ? (votes.Max() - strike.At).TotalSeconds : null;
    }

    /// <summary>What the store has of the votes against a silo, with their times; empty where it knows nothing of it.</summary>
    protected abstract Task<string> VotesAsync(IPEndPoint silo);

    [GeneratedRegex(@"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}(\.[0-9]+)?", RegexOptions.CultureInvariant)]
    private static partial Regex Times();

    private sealed class SqliteFile(string file) : MembershipStore("SQLite", "--clustering", "Sqlite", "--connection", file)
    {
        protected override async Task<string> VotesAsync(IPEndPoint silo)
        {
            await using var connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT SuspectTimes FROM OrleansMembershipTable WHERE Address = @address AND Port = @port";
            command.Parameters.AddWithValue("@address", silo.Address.ToString());
            command.Parameters.AddWithValue("@port", silo.Port);
            return await command.ExecuteScalarAsync() as string ?? "";
        }
    }

    private sealed class RedisHash(IPEndPoint server) : MembershipStore("Redis", "--clustering", "Redis", "--connection", server.ToString())
    {
        protected override async Task<string> VotesAsync(IPEndPoint silo)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(server);
            using var reader = new StreamReader(client.GetStream());
            foreach (string key in await AskAsync(client, reader, "KEYS *"))
            {
                // Names and values in turn; a name is S, address, port and the silo's birth.
                string[] hash = await AskAsync(client, reader, $"HGETALL {key}");
                int name = Array.FindIndex(hash, field => field.StartsWith($"S{silo}:", StringComparison.Ordinal));
                if (name < 0 || !hash[name + 1].StartsWith('{'))
                    continue;
                using var entry = JsonDocument.Parse(hash[name + 1]);
                return entry.RootElement.TryGetProperty("SuspectTimes", out var votes) ? votes.GetRawText() : "";
            }

            return "";
        }

        /// <summary>Asks for a list; what is none has no entries.</summary>
        private static async Task<string[]> AskAsync(TcpClient client, StreamReader reader, string command)
        {
            await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(command + "\r\n"));
            string head = await reader.ReadLineAsync() ?? "";
            string[] found = new string[head.StartsWith('*') ? int.Parse(head.AsSpan(1), CultureInfo.InvariantCulture) : 0];
            for (int index = 0; index < found.Length; index++)
            {
                await reader.ReadLineAsync(); // the length
                found[index] = await reader.ReadLineAsync() ?? "";
            }

            return found;
        }
    }
}
