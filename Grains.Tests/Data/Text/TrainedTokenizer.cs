using System.IO.Compression;

namespace Orleans.Tbptt.Tests.Data.Text;

/// <summary>A tokenizer.json, texts, and the encodings that tokenizers 0.23.2 makes of them.</summary>
internal static class TrainedTokenizer
{
    private const string Tokenizer =
        "H4sIAAAAAAACA7WZd3Pc1hXFP0ugFDGhHG5h2zhObMepTuJYTqUVCtwFSYS7i9UCK4oqGcfdcrfTi73uvfc+g6W+V87vPuABO0pmMpNk9Mc9ALHnvnfvPfddQOeC"
        + "09E4jZNh0AkaVywFi0E2ngy7YWa3hpN+fzEYhb1ePNwpL3UV9TazZC8apkFn41wQ94JOe3VlMegmwywaZqK68nw07CXbWXQmO3+VSFP9vh9t7idjPbsd9tNoMein"
        + "2Tge+cvx/OUwGQ/Cfnw2qn6QjqJuHPaDjpYYXVgsHa/OOR6Gg+h/79GuK5drl7tM/08+T9QeGvuMjCOXAHfzXJAdjCIt5ZqDLLo+Oh31A0vTpp7bjs9spqOwG3kH"
        + "WsBgM9neTqMsdbFcDCZptDmOdqIzZXCDUZJm+n3SjdI0+c99OLp5F4Xfy330om7Si/478n+3/oGY+3XmG64TZ2+cjJJJVsZxMtxzcSxvkNV4OFEeN9PJFoksllA+"
        + "oLKWb0uxntiu/WWbNYjQ73dLe9kU7m+F3epuvKN0RpuDaLwTVbE5nXTDLVZ7eEvQWVoMDn8XdBoytwadpsxtQaclc7tqT+aOoLMsc2fQkeYO7wo6UsDh3UFHVXl4"
        + "T9BZl7mon0Nzryw898lCdL8sTA/IQvWgLFwPyUL2sCxsj8hC96gsfL/XOuD7gyx8f5SF70+y8P1ZFr6/yML3V1n4/iYL399l4fuHLHyPaUPwPS4L31RWfJ+TEd3N"
        + "gazojsiI7fMyIvuCjLi+KCOqL8mI6ahCIqIFGfF8WUY0X5ERzaKMWI7JiOUKGbF8Ff0uBksyYmnIiKWpiIqlJSOWtoxYlmXEsiIjllUZsazJiGVdRiwdGbF8TUYs"
        + "VyohYvm6jFiukhHLN2TE8k0ZsVwtI5ZrZMRyrYxYviUjlutkxPJt5VMs35ERy3dlxPI9GbF8X0YsP5ARy/UyYvmhjFh+JCOWH8uI5QaVg1h+IiOWG2XEclxGLDfJ"
        + "iOWnMmL5mYxYfi4jll/IiOWXMmL5lapJLBsyYrn5ZlnRnJARza9lRLMpI5qTMqIJZUSjWl6nScqIpkc1iifCimgbK6IdrJh2saKKseL6DVZke1ix9bGiG2DFN6Sq"
        + "xZdgxTfCiu8UVnxjrPhSrPgyrPgmWPGdxopvHyu+M6hDfAdY8Z3Fiu8cVnznseK7gBXfb7GU9xMA6vtJAAX+FIAKfxqlUeLPAKjxZwGI5jkAqnkegGxeAKCbFwEw"
        + "vwSA+WUAzK8AYH4V7cL8GgDm1wEwvwGA+U0AzG8BYH4bAPM7AJjfBcD8HgDm9+kGMH8AgPlDAMwfAWD+GADzJwCYPwXA/BlAzJduAYj5El0MZVy6lf4i5pyIoY6c"
        + "iKGPnIihkJyIoZGciKGSnIihk5yIoZSciKGVnIihlpyIoZeciKGYnIihmUu3AWAmYugmJ2IoJydiaCcnYqgnJ2LoJydiKCgnYmgoJ2KoKCdi6CgnYigpJ2JoKSdi"
        + "qCknYugpJ2IoKidiaConYqgqJ2LoKidiKGtGxJDWjIghrhkRQ14zdoHAZrcDxDy7AyDm2Z0AMc/uAoh5djd9WsyzewAwXwTAfC8A5vsAMN8PgPkBAMwPAmB+CADz"
        + "wwCYH6Hzw/woAGbOBFQ3s0MBZk4FdDfjWEB4M84FlDfjYEB6M04GtDfjaEB8M84G1DfjcEB+s8cAMD8OgHkKgPkJAMxPAmB+CgDz0wCYnwHA/CynE8zPAWB+HgDz"
        + "CwCYXwTA/BIA5pcBML8CgPlVAMyvAWB+nfMO5jcAML8JgPktAMxvA2B+BwDzuwCY3wPA/D4A5g8AMH/ICQrzRwCYPwbA/AkA5k8BMH8GQINTTtCmqXDq/nGJyqcZ"
        + "SC6YNpqI8XAacjqj8yn3kGM8BMhJ0gXICWNZEzkmBuRkNwLIRQwlchz2ALSQqf1snYmKE9+4E5C4e8aJIsu11daIPvUA60ChcR8gZ+EAsMLABZCzCK8odIDXVdvI"
        + "PmMFB8sIIF9j879mvjJbMDJlTmwi0xCONQtYaItHqSEbRKmR3ZGHzB6ThxNHmVfkIIZh3SaVBsgcsFa0ejjFPWLdMrAMMA7k2t0FWCq2QOIfkwD0Gu4wB7GBLkD8"
        + "zKwt9HqaBLSWjP4kqG1hToBysLQEWIGL3LVQbRQCLB3HQBaibSYsl+sMyHGJD5Tr7rTKxHAhLwNobCqc8g7YQr/hTgSSkyQFmJMNkDnJilUg48ztvYWSJ+zBBsWL"
        + "bsQzXz2QbcfS1ULPTO6tphXXLsjidYxtIGlbhx2rU/bdcvXF1tz0mGZUQAtlL3QALSrI9om2oxEl2ELdQBwg8OhM+Qz7Ys2IXIF3u7XD9qIPjR25U0ZSO3OnlETL"
        + "Tl1lZQA2p/C1rdQII7LnzaWF7HkLaCF75zgygjXe+ADyduB+bkfw9CjIeWJpdgpP8WPH8JTI0gNC+4XcJITVdQDLhVP/PptF/rssB/n3J4zTTE/2gtRC/mPKasU8"
        + "pLHdNB/7Lhkr7cule7mUW/SI0EePRnHKXGkdvHG1XKO4EWSZbJBK1ypG7IZe0bR7WshJap7mELNlWsOQBtCiN6hqCB3dIcXVqu20BTIX14LMBQGnPywsAMS/xFO0"
        + "h0YDIP7mCkD8zTWAtR5I1yxhZIbW0HPppDlEW4B1OhOrsO5AddEd4j7BozvY95IW3SEeZvZcm9Cb4mgQQFM4LWLYsyeowrFVJ00iGdvNdSSX8pazREBph20axYQ8"
        + "tZcsZ1eDLGM067ZrFVsHQJNxv2BYKTRnF+5wcGJtu66RJUB5PHKE9yk5DLcBDQDhb9M1gLb3Nq2juLLVtmkfCho0NJCe3UNpxcJpIKZA+4MdSoaIZsbSaSDbOKJ7"
        + "7IZ2q8nRU7DSQOzLVJsGEp8FLBPjCLRi0Qbx0hAD1vyXgDb9IwHQPpLM6qlN/+CLC1COJgOAnOxbJG04nzZBFshlkEWRJbRcU4+NZ61oBHTPtrUO6ZbNub6xZ6XR"
        + "dq0jLePRLg4qoOUvo9zb9I8Fe3ul07faoBVDBuW2wUrsBbZB3bbpHhrd3QP0D818K8CGg8VjNJHjFjWaiBBho4vctGuI6mfNtJFwAljlfGSD9JAtwkQP6fEVjB4S"
        + "2THVpodEIaXbpotEof2dKSJEoW06SNQvL2jDyKNNj4iscGgSO/bztTLbLpO0ihgXNIpBSNDoE8nE7jU5zCyPtIp0rhbpGRbZ1WU+BxXfWzY2+NhgXxxOLG64wamY"
        + "n9w1X0ANRnzQq26GFXR344AXUVAS8KZb/mbs7zm0G/DiW/7CcQ/5FFURuh9PPKHdTAz2ApvJyrXW1uvXzHxVX1TfUBjwvlwuauiRW8BgfgH7/s8jQ+PAJjn39yyw"
        + "2Y+LzDsKPRXjpI2C5e2xJ+v5H7lHTwR8sCnXWQtuo4L9Crq1bFVoFNhsBmbLu9WjW37ZoV/Hjl9HlRzHfjqw+db/+mQBuz7sfAhfcpxQxVX8anVwrILbBUz9Xkfe"
        + "W1oLVb32BjW2xOdII2FZL8l8kDZq+bB5qwyu9fCygoptXazX+Hyyx5NqN2dcNrJaNI/5nSXzBblUW6vfL7+MXHoW+ODm9sDWRm730aiqYJvDSk+a+IohrfTlNkFH"
        + "cQNnbSPzAj1SwbgMUDfxBW/uCxVkPshdH1fQXrEGW4C9HJWpcps5CNww5x0drfnMKjyoxdVXXrWlWtjjMpT7PgS7fnGsYeJ+heKjvq/npFZZcb9GwWxWbwv/oj3M"
        + "tQkWVkxnXJ7yHie1+gz4Vuhgo5bykd9e09896YUT+zjQ1yLHRZWV5Zv60JuHVgWvreCeL6IFL0H3ZMN3CLyveLRWZbtI7J7PH1FkZisL3TWIaDjXKV1Vxn2fsnjo"
        + "+4bBzD3bJ0RpVmBX8y4cw54nTMhWd7fCxe3Uw1PQREMf9LhWXlfXGn/Zmeh8BwVmjUxx7qoeXNcQfA9wl65qjnithF6zmuh8jmyoc4NseQl2s6cL6GjuJEp9PG2A"
        + "KTW9W/2p2q1Ru61s+wqzii/ORevMjHVlOpKhh2erHES1dHitxL6D2nBXyq1AeB4We0zZQVSdsK5Q9+txDvgPAA+XKzisJcKLnpc9e0l2l3FWy8Re4N4BKslGPlDF"
        + "QVrD8cCX/KIr+VbA/z442Pa44VfVADZd3WsELEZC0wNyaRbaYPYrRkOujwc2KhuULUN6U3Wuh3PnumsL4dhHfMtrped7WuTaicNhVfqGexVMnQf7Hz0bAL0Oi/O5"
        + "kspO1RjdvO/G+bImnK9BODd3Tdxd18Qz321qk2B5Sor5xIUL/wSfYNSS8B4AAA==";

    private const string Texts =
        "H4sIAAAAAAACA1VSy27bMBD8lY0vbAHboCVZtoHARZtD20v7AVFQ8LGymVCkI5Kx3ab/Xi51SAMIw+Fqh9zlzv3sG1rr4exHq2dzmAFYFNq4AwinAbRP0iJAOAmF"
        + "ASgjChm6mP92zhqHoXOdAzBOo4uou7FzlGUiC3BGNiJ8Z9ZCPOKVvSCweBYBjsh0jg/5fMci/GQ/0FgWSOjSIHEMsKpqaNbtZr7dwQoXa+gS51JPS0WZp+RUTCIa"
        + "724+wXK5hA/i4718+KP+wmIB7Dn5XBCj1K8jyXpFqHvMvYGwFufgBIWwz5Up0Re+I0GX2jWuM26qLNqKHXap5m1B1RIKTSh3JbKdNHpbZ41WO/XG5eaNowLaNJw2"
        + "nP/HV/nZY6S+JV69K6PAwT+aIqjzXRonQeGq0YXTPX2vYTAXLJrbV3Ta9xEv8XUfohjjuwi825FAwK0TA+7LuCcawI8TDfupL84FdzKculRxXuNAPXNuNPrDKE5H"
        + "o0q5Oa/OjSg/SOOygyjIAovZA8VZ03xvpiV7Jn8XoheYLJP1bVsXbAquQYxCGgXaHEwM+SmqVbspHjwiPCejnkCO/uyg9xd4TMMpl/6CI5kNrPh9zfYqVXwuhcsv"
        + "Xeqx7+8oFJx4wl9KBBr8gPaOWFPll3/4Bz484gUUAwAA";

    private const string Expected =
        "H4sIAAAAAAACA1VUW5IEIQi7EB/yEPUsU3v/a2wCds9u1fQoihDC4/NZJj5MdGxRVbE9xHK2PMaPfNzEjkuki2O1nYIjtyh91SVnX3XljSVPTQ4ujtg8OIQZ1awj"
        + "uplyuLfko3praaUK0Q2O5qJ3sYUVD21D03EEQ5YLQMoKwZZXivEAWF4Ho1HZxju7Oi/IkhLfkZjZsLOfjb82TgXqdp4XvCthtS1b86KpGIeEO4MMoLRjMofM8jjx"
        + "c5khc0rgP2W2Bq3E5CW09CCMfd7t2mUW8NYgnQ0aDzesEJlL1sPI+3O4A7eBfyWQw/C93hqg2r7hO2n0XdT6gZelTeJB8kk318oIgkzwrKPX8c024ghfdFfaoOKh"
        + "2BLEsjx4njRvjrfApiiu3iMSFJ8x1EUZWAyWwLWu6L1D3589dJCWdw8GvjpJD0ErOAELtP5PRhV85VWemXQeMSjQwu+/fKrwjZnWvBnt8FhQ1S1Z+eHJON0PA87G"
        + "fI2TQaT+NU4Z2Vbk5yt753x6PVUbzAoMx0I+UfcBbmpvXHABxmu/nnYMgIzBSpUnV9BnR2U1H2vpXiAED4Rm2WGSvxtA899UFJLR/dWBgYqqQJYsPB29oRskkuVR"
        + "lc9WxqDg5OgufTrnbdIeKm/XuP/Zm/cMIAu0by1U46PuFdXea9x1VlUSGQM72pOpwEM1V0OwjheuNNedRtXxVo1QGYvOrwM/5wK5co4nBv/AyOrv4oDzBz3jdMPq"
        + "QqmwEcx63DzzcZAJonz5Rk7gnCFvNo7KRTQ7PUSzinb0zqlB6Uw0Ooo55bDO9ZzewTKqEn9+AaXWqaLOBQAA";

    /// <summary>The bytes of a file.</summary>
    public static byte[] Unpack(string name)
    {
        string file = name switch
        {
            "tokenizer" => Tokenizer,
            "texts" => Texts,
            "expected" => Expected,
            _ => throw new ArgumentException(name),
        };
        return Inflate(file);
    }

    /// <summary>The bytes of what is packed by gzip, in base 64.</summary>
    public static byte[] Inflate(string text)
    {
        using var packed = new GZipStream(new MemoryStream(Convert.FromBase64String(text)), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        packed.CopyTo(bytes);
        return bytes.ToArray();
    }
}
