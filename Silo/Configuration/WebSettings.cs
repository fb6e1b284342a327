using System.Globalization;
using System.Net;

namespace Orleans.Tbptt.Silo.Configuration;

/// <summary>The address and access token of a silo's web page: the section <c>Tbptt:Web</c>.</summary>
internal sealed class WebSettings
{
    /// <summary>The value of <see cref="Http"/> that disables the page.</summary>
    public const string Off = "off";

    private const string HttpExpected = "[address:]port, such as 8080, 127.0.0.1:8080 or 0.0.0.0:8080, with 0 for any free port; or off";

    /// <summary><c>[address:]port</c>, or <c>off</c>. Default <c>0</c>: any free port of the loopback.</summary>
    public string Http { get; set; } = "0";

    /// <summary>Grants access to the page and the runs' controls. Required where other machines can reach the page.</summary>
    public string? Token { get; set; }

    /// <summary>A file with the token, as container secrets provide it. Surrounding white space is ignored.</summary>
    public string? TokenFile { get; set; }

    /// <summary>Whether the page is served.</summary>
    public bool IsOn => !string.Equals(Http, Off, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether other machines can reach the page.</summary>
    public bool IsExposed => IsOn && !IPAddress.IsLoopback(Endpoint.Address);

    /// <summary><see cref="Http"/>, checked; port 0 for any free one.</summary>
    /// <exception cref="SiloStartException">It is not an address and port.</exception>
    public IPEndPoint Endpoint
    {
        get
        {
            string http = Http.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase) ? $"127.0.0.1:{Http[10..]}" : Http;
            if (ushort.TryParse(http, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
                return new(IPAddress.Loopback, port);
            // Without a port the parser reads 8 as the address 0.0.0.8, and [::1] as port 0.
            bool hasPort = http.LastIndexOf(':') > http.LastIndexOf(']') && (http.Contains(']') || http.Count(one => one == ':') == 1);
            return hasPort && IPEndPoint.TryParse(http, out var endpoint)
                ? endpoint
                : throw new SiloStartException($"http: found '{Http}', expected {HttpExpected}", SiloExitCode.WrongConfiguration);
        }
    }

    /// <summary>Checks the settings against each other.</summary>
    /// <exception cref="SiloStartException">A value is wrong, or other machines could reach the page without a token.</exception>
    public void Validate()
    {
        if (!IsOn)
            return;
        var endpoint = Endpoint;
        Token = AccessToken.Read("Tbptt:Web", Token, TokenFile);
        if (IsExposed && Token is null)
            throw Wrong($"http: {endpoint} can be reached from other machines, which could then control every run; set Tbptt:Web:Token " +
                "or :TokenFile (environment: Tbptt__Web__Token), "
                + "or serve on the loopback");
    }

    private static SiloStartException Wrong(string message) => new(message, SiloExitCode.WrongConfiguration);
}
