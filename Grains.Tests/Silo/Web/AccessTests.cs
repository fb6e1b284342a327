using System.Net;
using System.Net.Http.Headers;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Silo.Web;

/// <summary>A silo that others can reach, with a token and a run in training.</summary>
public sealed class ExposedSilo : IAsyncLifetime
{
    public const string Token = "a-token-of-the-tests";

    internal WebSilos Silos { get; private set; } = null!;

    internal RunId Run { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Silos = await WebSilos.StartAsync(1, new Dictionary<string, string> { ["Tbptt__Web__Token"] = Token }, "--http", "0.0.0.0:0");
        Run = await Silos.SubmitAsync(TestSpecs.Average(epochs: 1_000_000));
    }

    public ValueTask DisposeAsync() => Silos.DisposeAsync();
}

/// <summary>Over the real server: who may see and steer what.</summary>
[Slow]
public sealed class AccessTests(ExposedSilo silo) : IClassFixture<ExposedSilo>, IDisposable
{
    private readonly HttpClient _client = silo.Silos.Client();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/")]
    [InlineData("/runs/{run}")]
    [InlineData("/runs/{run}/live")]
    [InlineData("/compare")]
    [InlineData("/cluster")]
    [InlineData("/api/cluster/load")]
    [InlineData("/api/runs")]
    [InlineData("/api/runs/{run}")]
    [InlineData("/api/runs/{run}/events")]
    [InlineData("/api/openapi.json")]
    [InlineData("/metrics")]
    [InlineData("/no/such/place")]
    public async Task Page_IsShown_OnlyToWhoHasTheToken(string path)
    {
        foreach (string? token in (string?[])[null, "", "wrong", ExposedSilo.Token + "x"])
        {
            using var refused = await SendAsync(HttpMethod.Get, path, token);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        using var shown = await SendAsync(HttpMethod.Get, path, ExposedSilo.Token);
        Assert.NotEqual(HttpStatusCode.Unauthorized, shown.StatusCode);
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/health/startup")]
    [InlineData("/assets/tbptt.css")]
    [InlineData("/assets/uPlot.LICENSE.txt")]
    public async Task Page_NeedsNoToken_WhenItSaysNothingOfRuns(string path)
    {
        using var shown = await SendAsync(HttpMethod.Get, path, null);

        Assert.Equal(HttpStatusCode.OK, shown.StatusCode);
    }

    [Theory]
    [InlineData("/api/runs/{run}/stop")]
    [InlineData("/api/runs/{run}/pause")]
    [InlineData("/api/runs/{run}/resize")]
    [InlineData("/api/runs/{run}/audit")]
    [InlineData("/api/runs/{run}/notes")]
    [InlineData("/runs/{run}/notes")]
    [InlineData("/runs/{run}/stop")]
    public async Task Control_ExecutesNothing_WithoutTheToken(string path)
    {
        foreach (string? token in (string?[])[null, "wrong"])
        {
            using var refused = await SendAsync(HttpMethod.Post, path, token, request =>
            {
                request.Headers.Add("X-Tbptt", "1");
                request.Headers.Add("Cookie", "tbptt-login=00");
            });
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        await AssertTrainsAsync();
    }

    [Fact]
    public async Task Login_LeavesACookie_ThatIsNotTheTokenAndNoScriptSees()
    {
        using var wrong = await LoginAsync("wrong");
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.False(wrong.Headers.Contains("Set-Cookie"));

        using var right = await LoginAsync(ExposedSilo.Token);

        string cookie = Assert.Single(right.Headers.GetValues("Set-Cookie"));
        Assert.Equal((HttpStatusCode.SeeOther, "/cluster"), (right.StatusCode, right.Headers.Location!.ToString()));
        Assert.Contains("; samesite=strict; httponly", cookie, StringComparison.Ordinal);
        Assert.DoesNotContain(ExposedSilo.Token, cookie, StringComparison.Ordinal);
        using var shown = await SendAsync(HttpMethod.Get, "/cluster", null);
        Assert.Equal(HttpStatusCode.OK, shown.StatusCode);
    }

    [Theory]
    [InlineData("https", true)]
    [InlineData("http", false)]
    public async Task Cookie_IsKeptToTls_WhereTheProxySaysSo(string scheme, bool secure)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/login") { Headers = { { "X-Forwarded-Proto", scheme } } };
        request.Content = new FormUrlEncodedContent([new("token", ExposedSilo.Token), new("to", "/")]);

        using var right = await _client.SendAsync(request, Cancellation);

        Assert.Equal(secure, Assert.Single(right.Headers.GetValues("Set-Cookie")).Contains("; secure", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Form_IsTaken_FromThePageOfAProxyWithTls()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post,
            "/login") { Headers = { { "X-Forwarded-Proto", "https" }, { "Origin", $"https://{silo.Silos.Pages[0].Authority}" } } };
        request.Content = new FormUrlEncodedContent([new("token", ExposedSilo.Token), new("to", "/")]);

        using var right = await _client.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.SeeOther, right.StatusCode);
    }

    [Theory]
    [InlineData("multipart/form-data")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task Form_IsRefused_WhenItIsNone(string type)
    {
        foreach (string path in (string[])["/login", $"/runs/{silo.Run}/stop"])
        {
            using var refused = await SendAsync(HttpMethod.Post, path, null, request =>
            {
                request.Headers.Add("Cookie", CookieOf(ExposedSilo.Token));
                request.Content = new ByteArrayContent("x"u8.ToArray()) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };
            });
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.Contains("found a form that cannot be read", await refused.Content.ReadAsStringAsync(Cancellation),
                StringComparison.Ordinal);
        }

        await AssertTrainsAsync();
    }

    [Theory]
    [InlineData("https://example.org/")]
    [InlineData("//example.org/")]
    [InlineData("/\\example.org/")]
    [InlineData("/\t/example.org/")]
    [InlineData("")]
    public async Task Login_LeadsNowhereElse(string to)
    {
        using var right = await LoginAsync(ExposedSilo.Token, to);

        Assert.Equal("/", right.Headers.Location!.ToString());
    }

    [Theory]
    [InlineData("Origin", "https://example.org", true)]
    [InlineData("Origin", "null", true)]
    [InlineData("Sec-Fetch-Site", "cross-site", true)]
    [InlineData("Sec-Fetch-Site", "same-site", true)]
    [InlineData("Accept", "*/*", false)]
    public async Task Control_IsRefused_WhenAnotherSiteSendsIt(string header, string value, bool withHeader)
    {
        using var login = await LoginAsync(ExposedSilo.Token);
        foreach (string path in (string[])["/runs/{run}/stop", "/api/runs/{run}/stop"])
        {
            using var refused = await SendAsync(HttpMethod.Post, path, null, request =>
            {
                request.Headers.Add(header, value);
                if (withHeader)
                    request.Headers.Add("X-Tbptt", "1");
                request.Content = new FormUrlEncodedContent([new("seal", "00")]);
            });
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }

        await AssertTrainsAsync();
    }

    [Theory]
    [InlineData("cross-site", HttpStatusCode.Forbidden)]
    [InlineData("same-site", HttpStatusCode.Forbidden)]
    [InlineData("same-origin", HttpStatusCode.NotFound)]
    [InlineData("none", HttpStatusCode.NotFound)]
    public async Task Explanation_IsRefused_WhenAnotherSiteAsksForIt(string site, HttpStatusCode expected)
    {
        foreach (string path in (string[])["/runs/{run}/steps/0", "/api/runs/{run}/steps/0/explanation"])
        {
            using var answer = await SendAsync(
                HttpMethod.Get, path, ExposedSilo.Token, request => request.Headers.Add("Sec-Fetch-Site", site));
            Assert.Equal(expected, answer.StatusCode);
            string text = await answer.Content.ReadAsStringAsync(Cancellation);
            Assert.Equal(
                expected == HttpStatusCode.Forbidden,
                text.Contains("found a request from another site for what a silo computes", StringComparison.Ordinal));
        }

        using var other = await SendAsync(
            HttpMethod.Get, "/runs/{run}", ExposedSilo.Token, request => request.Headers.Add("Sec-Fetch-Site", site));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task Form_IsTaken_WithTheSealOfAPage()
    {
        using var login = await LoginAsync(ExposedSilo.Token);
        var run = await silo.Silos.SubmitAsync(TestSpecs.Average(epochs: 1_000_000));
        string page = await _client.GetStringAsync($"/runs/{run}", Cancellation);

        using var done =
            await _client.PostAsync($"/runs/{run}/stop", new FormUrlEncodedContent([new("seal", PageSeal.Of(page))]), Cancellation);

        Assert.Equal((HttpStatusCode.SeeOther, $"/runs/{run}"), (done.StatusCode, done.Headers.Location!.ToString()));
        Assert.Equal(RunState.Stopped, (await silo.Silos.Coordinator(run).GetStatus()).State);
    }

    [Fact]
    public async Task Answer_KeepsAPageToWhatIsOurs()
    {
        foreach (string path in (string[])["/", "/nothing", "/api/runs/nothing", "/assets/tbptt.js"])
        {
            using var answer = await SendAsync(HttpMethod.Get, path, ExposedSilo.Token);
            Assert.StartsWith("default-src 'self';", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")),
                StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        }
    }

    public void Dispose() => _client.Dispose();

    private static string CookieOf(string token) => $"{WebToken.Cookie}={new WebToken(token).CookieValue}";

    private async Task AssertTrainsAsync()
    {
        var status = await silo.Silos.Coordinator(silo.Run).GetStatus();
        Assert.False(status.HasEnded || status.State == RunState.Paused, $"the run is {status.State}");
    }

    private Task<HttpResponseMessage> LoginAsync(string token, string to = "/cluster") =>
        _client.PostAsync("/login", new FormUrlEncodedContent([new("token", token), new("to", to)]), Cancellation);

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? token, Action<HttpRequestMessage>? change = null)
    {
        var request = new HttpRequestMessage(method, path.Replace("{run}", silo.Run.Text, StringComparison.Ordinal));
        if (token is not null)
            request.Headers.Authorization = AuthenticationHeaderValue.Parse($"Bearer {token}");
        change?.Invoke(request);
        // Streams do not end: their beginning says all that is asked here.
        return _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
    }
}
