using System.Collections.Concurrent;
using Orleans.GrainDirectory;
using StackExchange.Redis;

namespace Orleans.Tbptt.Silo.Stores;

/// <summary>The grain directory, in one hash of the Redis server that also holds the cluster's membership.</summary>
/// <remarks>
/// Every call is one command or script, so that of two silos one wins. When Redis does not answer, a call fails within 1.5 s, or at once
/// where the connection is known to be broken; calls between grains that know each other continue by Orleans' cache. The silo remembers its
/// registrations, and repeats them in a Redis that lost its data.
/// </remarks>
/// <param name="redis">The server.</param>
/// <param name="key">The hash: for each grain its silo and activation, and a mark for each silo that has entered its grains.</param>
internal sealed class RedisGrainDirectory(IDatabase redis, string key) : IGrainDirectory
{
    private const char Separator = '|';

    /// <summary>Arguments: grain, entry, the activation that may be replaced. Returns the entry in effect afterwards.</summary>
    private const string RegisterScript = """
        local entry = redis.call('HGET', KEYS[1], ARGV[1])
        if not entry or string.sub(entry, string.find(entry, '|', 1, true) + 1) == ARGV[3] then
            redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
            return ARGV[2]
        end
        return entry
        """;

    /// <summary>Arguments: grain, entry.</summary>
    private const string UnregisterScript =
        "if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end return 0";

    /// <summary>Arguments: silos.</summary>
    private const string UnregisterSilosScript = """
        local dead = {}
        for _, silo in ipairs(ARGV) do
            dead[silo] = true
            redis.call('HDEL', KEYS[1], '@' .. silo)
        end
        local all = redis.call('HGETALL', KEYS[1])
        for i = 1, #all, 2 do
            local bar = string.find(all[i + 1], '|', 1, true)
            if bar and dead[string.sub(all[i + 1], 1, bar - 1)] then
                redis.call('HDEL', KEYS[1], all[i])
            end
        end
        return 0
        """;

    /// <summary>Arguments: the silo's mark, then grains and entries. Returns how many entries were missing.</summary>
    private const string EnterScript = """
        if redis.call('HSETNX', KEYS[1], ARGV[1], '') == 0 then return 0 end
        local missing = 0
        for i = 2, #ARGV, 2 do missing = missing + redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) end
        return missing
        """;

    private readonly RedisKey[] _keys = [key];
    private readonly ConcurrentDictionary<string, string> _registered = new();

    /// <inheritdoc/>
    public Task<GrainAddress?> Register(GrainAddress address) => Register(address, null);

    /// <inheritdoc/>
    public async Task<GrainAddress?> Register(GrainAddress address, GrainAddress? previousAddress)
    {
        string grain = address.GrainId.ToString(), entry = Entry(address);
        string? standing = await redis.ScriptEvaluateAsync(
            RegisterScript, _keys, [grain, entry, previousAddress?.ActivationId.ToParsableString() ?? ""]) is { IsNull: false } answer
                ? (string?)answer : null;
        if (standing == entry)
            _registered[grain] = entry;
        return Read(address.GrainId, standing);
    }

    /// <inheritdoc/>
    public async Task<GrainAddress?> Lookup(GrainId grainId) => Read(grainId, await redis.HashGetAsync(key, grainId.ToString()));

    /// <inheritdoc/>
    public Task Unregister(GrainAddress address)
    {
        string grain = address.GrainId.ToString(), entry = Entry(address);
        _registered.TryRemove(KeyValuePair.Create(grain, entry));
        return redis.ScriptEvaluateAsync(UnregisterScript, _keys, [grain, entry]);
    }

    /// <inheritdoc/>
    public Task UnregisterSilos(List<SiloAddress> siloAddresses) =>
        redis.ScriptEvaluateAsync(UnregisterSilosScript, _keys, [.. siloAddresses.Select(silo => (RedisValue)silo.ToParsableString())]);

    /// <summary>
    /// Marks that <paramref name="self"/> has registered its grains; a missing mark means that Redis lost its data, and they are registered
    /// again.
    /// </summary>
    /// <returns>The number of lost entries.</returns>
    public async Task<int> EnterAsync(SiloAddress self)
    {
        List<RedisValue> arguments = [$"@{self.ToParsableString()}"];
        foreach (var (grain, entry) in _registered)
            arguments.AddRange([grain, entry]);
        return (int)await redis.ScriptEvaluateAsync(EnterScript, _keys, [.. arguments]);
    }

    private static string Entry(GrainAddress address) =>
        $"{address.SiloAddress!.ToParsableString()}{Separator}{address.ActivationId.ToParsableString()}";

    private static GrainAddress? Read(GrainId grain, string? entry) => entry?.Split(Separator) is [var silo, var activation]
        ? new() { GrainId = grain, SiloAddress = SiloAddress.FromParsableString(silo),
            ActivationId = ActivationId.FromParsableString(activation) }
        : null;
}
