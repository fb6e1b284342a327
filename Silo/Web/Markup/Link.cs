using Microsoft.AspNetCore.Http;

namespace Orleans.Tbptt.Silo.Web.Markup;

/// <summary>An address on this silo, with a query whose keys can be replaced one by one.</summary>
/// <param name="Path">The path.</param>
/// <param name="Query">The query's keys and values, in order.</param>
internal sealed record Link(string Path, IReadOnlyList<KeyValuePair<string, string>> Query)
{
    /// <summary>The address of a request; keys without a value, which forms send, are left out.</summary>
    public static Link Of(HttpRequest request) => new(request.Path, [.. request.Query
        .SelectMany(pair => pair.Value, (pair, value) => KeyValuePair.Create(pair.Key, value ?? "")).Where(pair => pair.Value.Length > 0)]);

    /// <summary>The same query at another path.</summary>
    public Link To(string path) => this with { Path = path };

    /// <summary>The address with all values of a key replaced.</summary>
    public Link With(string key, params IEnumerable<string> values) =>
        this with { Query = [.. Query.Where(pair => pair.Key != key), .. values.Select(value => KeyValuePair.Create(key, value))] };

    /// <summary>The address with some keys only.</summary>
    public Link Only(params string[] keys) => this with { Query = [.. Query.Where(pair => keys.Contains(pair.Key))] };

    /// <summary>The address without some keys.</summary>
    public Link Without(params string[] keys) => this with { Query = [.. Query.Where(pair => !keys.Contains(pair.Key))] };

    /// <inheritdoc/>
    public override string ToString() =>
        Path + QueryString.Create(Query.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)));
}
