using System.Security.Cryptography;
using System.Text;

namespace Orleans.Tbptt.Silo.Mlflow;

/// <summary>
/// Names as MLflow takes them: ASCII letters, digits, <c>_ - .</c> and blanks, at most 250, and none that as a path would be another one.
/// What two different names would become is made different.
/// </summary>
internal sealed class MlflowNames
{
    /// <summary>Characters of a name, at most.</summary>
    public const int MostCharacters = 250;

    private const int HashCharacters = 8;

    private readonly Dictionary<string, string> _given = [];

    /// <summary>The name of a thing.</summary>
    /// <param name="prefix">What stands before it: a word and a slash, or nothing.</param>
    /// <param name="original">What it is called.</param>
    public string Of(string prefix, string original)
    {
        string name = string.Concat(original.Select(one => char.IsAsciiLetterOrDigit(one) || one is '_' or '-' or '.' or ' ' ? one : '_'));
        if (name is "" or "." || name.StartsWith("..", StringComparison.Ordinal))
            name = $"_{name}";
        name = prefix + name;
        return name.Length <= MostCharacters && IsFree(name, original) ? name : Hashed(name, original);
    }

    private bool IsFree(string name, string original) => _given.TryAdd(name, original) || _given[name] == original;

    private static string Hashed(string name, string original)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(original)))[..HashCharacters];
        return $"{name[..Math.Min(name.Length, MostCharacters - HashCharacters - 1)]}-{hash}";
    }
}
