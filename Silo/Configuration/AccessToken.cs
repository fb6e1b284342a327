namespace Orleans.Tbptt.Silo.Configuration;

/// <summary>A token that stands in a setting, or in a file that a setting names.</summary>
internal static class AccessToken
{
    /// <summary>Reads a token, and checks that a header can contain it.</summary>
    /// <param name="section">The section of the two settings, for messages.</param>
    /// <param name="token">The setting <c>Token</c>.</param>
    /// <param name="file">The setting <c>TokenFile</c>.</param>
    /// <returns>The token; null where neither is set.</returns>
    /// <exception cref="SiloStartException">Both are set, the file cannot be read, or the token is empty or no visible ASCII.</exception>
    public static string? Read(string section, string? token, string? file)
    {
        if (file is not null)
        {
            token = token is null ? OfFile(section, file)
                : throw Wrong($"{section}:TokenFile: found together with {section}:Token, expected one of them");
        }

        if (token is not null && (token.Length == 0 || token.Any(one => one is <= ' ' or > '~')))
            throw Wrong($"{section}:Token: found an empty token, or a character that headers cannot contain; expected visible ASCII");
        return token;
    }

    private static string OfFile(string section, string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Wrong($"{section}:TokenFile: cannot read {file}: {exception.Message}");
        }
    }

    private static SiloStartException Wrong(string message) => new(message, SiloExitCode.WrongConfiguration);
}
