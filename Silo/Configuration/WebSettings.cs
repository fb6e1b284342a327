using System.Globalization;
using System.Net;

namespace Orleans.Tbptt.Silo.Configuration;

/// <summary>Where a silo serves its web page, and who may see it: the section <c>Tbptt:Web</c>.</summary>
internal sealed class WebSettings
{
    /// <summary>What <see cref="Http"/> says where no page is wanted.</summary>
    public const string Off = "off";

    private const string HttpExpected = "[address:]port, such as 8080, 127.0.0.1:8080 or 0.0.0.0:8080, with 0 for any free port; or off";

    /// <summary><c>[address:]port</c>, or <c>off</c>. Default <c>0</c>: any free port of the loopback.</summary>
    public string Http { get; set; } = "0";

    /// <summary>
    /// Who shows it may see and steer the cluster's runs. Required where others than this machine's own programs can reach the page.
    /// </summary>
    public string? Token { get; set; }

    /// <summary>
    /// A file that holds the token, in place of <see cref="Token"/>: so secrets come into a container. Space around it does not count.
    /// </summary>
    public string? TokenFile { get; set; }

    /// <summary>Whether there is a page at all.</summary>
    public bool IsOn => !string.Equals(Http, Off, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether others than this machine's own programs can reach the page.</summary>
    public bool IsExposed => IsOn && !IPAddress.IsLoopback(Endpoint.Address);

    /// <summary><see cref="Http"/>, checked; port 0 for any free one.</summary>
    /// <exception cref="SiloStartException">It is no address and port.</exception>
    public IPEndPoint Endpoint
    {
        get
        {
            string http = Http.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase) ? $"127.0.0.1:{Http[10..]}" : Http;
            if (ushort.TryParse(http, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
                return new(IPAddress.Loopback, port);
            // Without a port the parser takes 8 for the address 0.0.0.8, and [::1] for port 0.
            bool hasPort = http.LastIndexOf(':') > http.LastIndexOf(']') && (http.Contains(']') || http.Count(one => one == ':') == 1);
            return hasPort && IPEndPoint.TryParse(http, out var endpoint)
                ? endpoint
                : throw new SiloStartException($"http: found '{Http}', expected {HttpExpected}", SiloExitCode.WrongConfiguration);
        }
    }

    /// <summary>Checks the settings against each other.</summary>
    /// <exception cref="SiloStartException">A value is wrong, or others could reach the page without a token.</exception>
    public void Validate()
    {
        if (!IsOn)
            return;
        var endpoint = Endpoint;
        if (TokenFile is not null)
            Token = Token is null ? Read(TokenFile) : throw Wrong("Tbptt:Web:TokenFile: found it beside Tbptt:Web:Token, expected one of them");
        if (Token is not null && (Token.Length == 0 || Token.Any(one => one is <= ' ' or > '~')))
            throw Wrong("Tbptt:Web:Token: found an empty one, or a character that no header can carry; expected visible ASCII");
        if (IsExposed && Token is null)
            throw Wrong($"http: {endpoint} can be reached by others, who could then steer every run; set Tbptt:Web:Token or :TokenFile (environment: Tbptt__Web__Token), "
                + "or serve on the loopback");
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Wrong($"Tbptt:Web:TokenFile: cannot read {file}: {exception.Message}");
        }
    }

    private static SiloStartException Wrong(string message) => new(message, SiloExitCode.WrongConfiguration);
}
